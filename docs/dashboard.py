"""Draws the dashboard's panels from the data of a running Prometheus: a look at the expressions without Grafana.

    ./dev python docs/dashboard.py http://127.0.0.1:9090 MINUTES [BROWSER]

The panels, expressions, legends and units are those of deploy/grafana/dashboards/kikite.json; the drawing is ours.
"""

import html
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
DASHBOARD = ROOT / "deploy/grafana/dashboards/kikite.json"
PICTURE = ROOT / "docs/pictures/dashboard.png"
WIDTH, HEIGHT, LEFT, TOP = 620, 190, 56, 30
"""Pixels of a panel, and of what is left for its scale and title."""
COLOURS = ("#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#8ab8ff", "#96d98d", "#ffb357", "#c0d8ff")
MAX_SERIES = len(COLOURS)

Series = tuple[str, list[tuple[float, float]]]
"""A legend and its points: seconds since 1970, value."""


def asked(prometheus: str, target: dict[str, Any], begin: float, end: float) -> Iterator[Series]:
    """Yield what an expression of a panel gave over time."""
    asking = {"query": target["expr"], "start": begin, "end": end, "step": max(5, (end - begin) / 200)}
    with urllib.request.urlopen(f"{prometheus}/api/v1/query_range?{urllib.parse.urlencode(asking)}") as answer:
        found = json.load(answer)["data"]["result"]
    for series in found:
        legend = target["legendFormat"]
        for name in re.findall(r"\{\{(\w+)\}\}", legend):
            legend = legend.replace(f"{{{{{name}}}}}", series["metric"].get(name, ""))
        yield legend, [(at, float(value)) for at, value in series["values"] if value not in ("NaN", "+Inf")]


def shown(value: float, unit: str) -> str:
    if unit == "s":
        return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"
    if unit == "bytes":
        return f"{value / 2**20:.0f} MiB"
    if unit == "percentunit":
        return f"{value:.0%}"
    return f"{'$' if unit == 'currencyUSD' else ''}{value:.3g}"


def drawn(panel: dict[str, Any], series: list[Series], begin: float, end: float) -> str:
    """Return a panel as SVG: at most MAX_SERIES lines, those that ever differ from nought first."""
    series = sorted(series, key=lambda one: not any(value for _, value in one[1]))[:MAX_SERIES]
    top = max((value for _, points in series for _, value in points), default=0) * 1.1 or 1
    across, down = WIDTH - LEFT - 10, HEIGHT - TOP - 40

    def place(at: float, value: float) -> str:
        return f"{LEFT + across * (at - begin) / (end - begin):.1f},{TOP + down * (1 - value / top):.1f}"

    parts = [f'<text x="10" y="19" class="title">{html.escape(panel["title"])}</text>']
    unit = panel["fieldConfig"]["defaults"]["unit"]
    for part in range(5):
        y = TOP + down * (1 - part / 4)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y}" y2="{y}" class="grid"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" class="scale">{shown(top * part / 4, unit)}</text>')
    minutes = (end - begin) / 60
    for part in range(5):
        x, label = LEFT + across * part / 4, f"−{minutes * (1 - part / 4):.0f} min" if part < 4 else "now"
        parts.append(f'<text x="{x}" y="{HEIGHT - 26}" class="time">{label}</text>')
    legend_x = LEFT
    for (legend, points), colour in zip(series, COLOURS, strict=False):
        parts.append(f'<polyline points="{" ".join(place(*point) for point in points)}" stroke="{colour}"/>')
        if legend_x < WIDTH - 60:
            parts.append(f'<text x="{legend_x}" y="{HEIGHT - 8}" fill="{colour}">{html.escape(legend)}</text>')
        legend_x += 14 + 7 * len(legend)
    return f'<svg width="{WIDTH}" height="{HEIGHT}">{"".join(parts)}</svg>'


def main() -> None:
    prometheus, minutes = sys.argv[1], float(sys.argv[2])
    browser = sys.argv[3] if len(sys.argv) > 3 else "/usr/bin/chromium"
    end = time.time()
    begin = end - 60 * minutes
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    pictures = [
        drawn(panel, [one for target in panel["targets"] for one in asked(prometheus, target, begin, end)], begin, end)
        for panel in panels
    ]
    style = (
        "body{background:#111217;color:#ccccdc;font:12px sans-serif;margin:12px;display:flex;flex-wrap:wrap;gap:8px}"
        "svg{background:#181b1f;border:1px solid #2c3235;border-radius:3px}text{fill:#ccccdc}.title{font-size:14px}"
        ".scale{text-anchor:end;font-size:11px}.time{text-anchor:middle;font-size:11px}.grid{stroke:#2c3235}"
        "polyline{fill:none;stroke-width:1.5}p{width:100%;margin:2px}"
    )
    for colour in COLOURS:
        style += f'text[fill="{colour}"]{{fill:{colour}}}'
    said = "The panels of deploy/grafana/dashboards/kikite.json, drawn by docs/dashboard.py from Prometheus' own data."
    page = f"<!doctype html><meta charset=utf-8><style>{style}</style>{''.join(pictures)}<p>{said}</p>"
    height = 60 + (HEIGHT + 12) * -(-len(pictures) // 2)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page.html").write_text(page, encoding="utf-8")
        options = ("--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={2 * WIDTH + 40},{height}")
        command = (browser, *options, f"--screenshot={PICTURE}", f"file://{folder}/page.html")
        subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    main()

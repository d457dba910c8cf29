"""What nobody wants read aloud is left out of what is read aloud, and only there."""

import pytest

from bot.files.documents.formats import read
from bot.files.documents.listening import for_listening

MARKDOWN = """---
title: "The Garden"
layout: post
---

# The Garden

See [the site](https://example.org/x?y=z) and ![a picture](img/p.png). **It** holds.[^1]

| Month | Rain |
|-------|-----:|
| May   | 12   |

```python
for x in range(3):
    print(x)
```

<!-- a comment -->
<div align="center"><img src="https://x/y.svg"></div>

1. one
   - nested

[^1]: A footnote.

## References

1. Smith, J. (2019). Tea.

## Thanks

To all.
"""


def test_a_markdown_file_is_heard_without_its_markup() -> None:
    found = read(MARKDOWN.encode(), "garden.md", aloud=True)
    assert found.title == "The Garden"
    assert found.text == (
        "# The Garden\n\nSee the site and a picture. It holds.\n\nMonth, Rain\nMay, 12\n\n1. one\n  - nested\n\n"
        "A footnote.\n\n## Thanks\n\nTo all."
    )


def test_a_question_about_it_may_be_about_any_of_it() -> None:
    text = read(MARKDOWN.encode(), "garden.md").text
    assert all(part in text for part in ("https://example.org/x?y=z", "    print(x)", "Smith, J.", "layout: post"))


@pytest.mark.parametrize(
    ("written", "heard"),
    [
        ("It is known [1, 2] that tea is good (Smith et al., 2019).", "It is known that tea is good."),
        ("It grew (see Doe and Roe, 2001; Smith, 2019b) since 2001 (in May).", "It grew since 2001 (in May)."),
        ("See https://example.org/a?b=c, or <https://x.org>, or www.example.org/x.", "See, or, or."),
        ("Read doi:10.1000/182 or arXiv:2001.01234v2 [cs.CL] first.", "Read or first."),
        ("https://example.org/a\nhttps://example.org/b", ""),
        ("![](data:image/png;base64,iVBORw0KGgo=) Words", "Words"),
        ("The sum is e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 here.", "The sum is here."),
        ("詳しくはhttps://example.org/を参照。", "詳しくはを参照。"),
        ("青い（https://example.org）鳥", "青い鳥"),
        ("a < b and 2 * 3 * 4", "a < b and 2 * 3 * 4"),
        ("Alice: hello\nBob: hi", "Alice: hello\nBob: hi"),
        ("    The first line is indented.", "The first line is indented."),
        ("    def f(x):\n        return x;", ""),
        ("Text.\n\n**References**\n\n- Smith.\n\n# Appendix\n\nMore.", "Text.\n\n# Appendix\n\nMore."),
        ("- [x] done\n- [ ] to do", "- done\n- to do"),
        ("0:05\nhello\n1:00:07\nthere", "hello\nthere"),
        ("---\n\nNot about the file\n\n---\n\nWords", "Not about the file\n\nWords"),
        ("# Title {#id}\n\nIt is f(x) = [1, 2].", "# Title\n\nIt is f(x) = [1, 2]."),
        ("## 参考文献\n\n1. 田中『茶』", ""),
    ],
)
def test_what_is_heard_of_a_line(written: str, heard: str) -> None:
    assert for_listening(written) == heard

"""The library's reader of LaTeX, for damaged documents, too."""

from typing import Any

from pylatexenc.latexwalker import LatexWalker, LatexWalkerEndOfStream, LatexWalkerParseError


class OnceWalker(LatexWalker):
    """Reads each group once, be it in vain: the library alone reads some of a damaged document again and again."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._groups: dict[tuple[int, Any, bool], Any] = {}
        "by place, bracket and whether it is a formula: what is there, or the error"

    def get_latex_braced_group(self, pos: int, brace_type: Any = "{", parsing_state: Any = None) -> Any:
        key = pos, brace_type, parsing_state is not None and parsing_state.in_math_mode
        if key not in self._groups:
            try:
                self._groups[key] = super().get_latex_braced_group(pos, brace_type, parsing_state)
            except (LatexWalkerParseError, LatexWalkerEndOfStream) as error:
                self._groups[key] = error
        found = self._groups[key]
        if isinstance(found, Exception):
            raise found
        return found

"""`python -m tests.writing.stale_sabotage`: breaks each rule of docs/decisions/0006 in a copy of the code, one at a
time, and looks whether the oracle notices in a few hundred histories.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
HISTORIES = 600
"""At most so many are played for each; nearly all are noticed within the 72 of the test suite."""
PLAY = """
from tests.writing import stale_sequences as s, test_stale_sequences as t
for found in s.run(20, t.numbers(HISTORIES), most_failures=1).failures:
    print("NOTICED", found[:160])
"""


@dataclass(frozen=True)
class Breakage:
    """One change of the code, in `ghostkit/writing/`, that breaks a rule."""

    rule: int
    what: str
    file: str
    old: str
    new: str


BREAKAGES = (
    Breakage(
        2, "pieces of one answer are strangers", "changes.py", "previous.attempt_id == self._answer_of(head)", "False"
    ),
    Breakage(
        2, "the same words in other pieces are another text", "changes.py", "found[-len(wanted) :] == wanted", "False"
    ),
    Breakage(3, "a cut section has lost its second half", "changes.py", "pieces[0].id == head.id else", "False else"),
    Breakage(
        0, "a person's text has no record", "../ledger/judging.py", "            at = base\n", "            at = None\n"
    ),
    Breakage(0, "a judgement is not looked at", "../ledger/judging.py", "if at in self.judgements:", "if not at:"),
    Breakage(
        0,
        "the first word on a text counts, not the last",
        "../ledger/judging.py",
        "FROM judgement ORDER BY id",
        "FROM judgement ORDER BY id DESC",
    ),
    Breakage(
        0,
        "accepting records nothing of what is read",
        "staleness.py",
        "return dict(made.inputs), ",
        'return {n: d for n, d in made.inputs.items() if ":" not in n}, ',
    ),
    Breakage(1, "every edit is material", "facts.py", ">= MATERIAL_SHARE", ">= 0"),
    Breakage(1, "numbers don't count", "facts.py", "if before.values != after.values:", "if False:"),
    Breakage(1, "names don't count", "facts.py", "if known & before.capitals != known & after.capitals:", "if False:"),
    Breakage(1, "five per cent", "facts.py", "MATERIAL_SHARE = 0.02", "MATERIAL_SHARE = 0.05"),
    Breakage(1, "possessives are other names", "facts.py", "return token[:-2] if", "return token if"),
    Breakage(
        2,
        "the style is only noted",
        "changes.py",
        'follows = name == "language" or',
        'follows = name == "language" and',
    ),
    Breakage(
        2,
        "its own plan is only shown",
        "changes.py",
        "grade = Grade.STALE if old is None or is_material(old, new)",
        "grade = Grade.MAYBE if old is None or is_material(old, new)",
    ),
    Breakage(
        2,
        "what it follows is only compared if it is the same section",
        "changes.py",
        "if previous is not None else None\n",
        "if previous is not None else before\n",
    ),
    Breakage(
        2,
        "another template is nothing",
        "changes.py",
        'yield Change(input="template"',
        'yield from ()\n        Change(input="template"',
    ),
    Breakage(2, "a summary of other texts is fine", "changes.py", "if sorted(then) != sorted(today):", "if False:"),
    Breakage(
        2,
        "a summed up text that changed is fine",
        "changes.py",
        "Grade.STALE if old is None or is_material(old, today.text)",
        "Grade.NOTED if old is None",
    ),
    Breakage(3, "what was shown never makes stale", "changes.py", "        if used:\n", "        if False:\n"),
    Breakage(
        3, "numbers alone are facts", "facts.py", "(number, unit) in facts.numbers if", "number in facts.values if"
    ),
    Breakage(3, "names of the people are facts that went", "facts.py", "| {name_key(name) for name in known}", ""),
    Breakage(3, "the outline of other chapters may matter", "changes.py", ", new), shown=Grade.NOTED)", ", new))"),
    Breakage(
        3,
        "what was empty then is not looked at",
        "changes.py",
        'if name in _COMPARED - {"language", "template"}:',
        'if name == "people":',
    ),
    Breakage(4, "who is not named is concerned", "changes.py", "not names_somebody(head.text, told.names)", "False"),
    Breakage(4, "narrators must be named", "changes.py", "if not told.narrates and not names", "if not names"),
    Breakage(
        4, "stating the old value doesn't matter", "changes.py", "Grade.STALE if used else Grade.MAYBE", "Grade.MAYBE"
    ),
    Breakage(4, "small numbers count anywhere", "entries.py", "int(value) > COMMON_NUMBER", "True"),
    Breakage(4, "a relationship with who is not named", "entries.py", "if self.other and not", "if False and not"),
    Breakage(
        4,
        "who is gone is nothing",
        "entries.py",
        "if name not in after:\n",
        "if name not in after:\n            continue\n",
    ),
    Breakage(
        4, "people as of the first chapter", "material.py", "people_json(book, chapter.number)", "people_json(book, 1)"
    ),
    Breakage(5, "what is stale stays alone", "staleness.py", "if (object_id, kind) not in self.stale:", "if True:"),
    Breakage(5, "it goes on to every reader", "staleness.py", "or self._follows(node, object_id):", "or True:"),
    Breakage(5, "maybes go on, too", "staleness.py", "change.grade is Grade.STALE", "change.grade is not Grade.NOTED"),
    Breakage(6, "the places in a plan are facts", "changes.py", '_PLACE.sub("", old)', "old"),
    Breakage(6, "what is taken out is still there", "changes.py", "return object_id in self._objects", "return True"),
    Breakage(
        6,
        "what is taken out makes stale",
        "changes.py",
        'grade=Grade.MAYBE, text=f"read {what}',
        'grade=Grade.STALE, text=f"read {what}',
    ),
    Breakage(
        6,
        "a moved text is another one",
        "changes.py",
        "previous.object_id != object_id or",
        "True or",
    ),
    Breakage(6, "the window stands still", "window.py", "MOVES_EVERY = 2", "MOVES_EVERY = 3"),
)


def noticed(breakage: Breakage) -> str:
    """What the oracle says of the broken code; empty if it says nothing."""
    with tempfile.TemporaryDirectory(prefix="ghostkit-sabotage-") as folder:
        for part in ("ghostkit", "tests"):
            shutil.copytree(ROOT / part, Path(folder) / part, ignore=shutil.ignore_patterns("__pycache__"))
        path = Path(folder) / "ghostkit" / "writing" / breakage.file
        text = path.read_text(encoding="utf-8")
        if text.count(breakage.old) != 1:
            raise SystemExit(f"{breakage.file} has {breakage.old!r} {text.count(breakage.old)} times; once is wanted")
        path.write_text(text.replace(breakage.old, breakage.new), encoding="utf-8")
        play = PLAY.replace("HISTORIES", str(HISTORIES))
        run = subprocess.run(
            [sys.executable, "-c", play], cwd=folder, env={**os.environ, "PYTHONPATH": folder}, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        if run.returncode:
            return f"crashes: {run.stderr.strip().splitlines()[-1]}"
        return run.stdout.strip()


def main() -> int:
    missed = []
    wanted = sys.argv[1:]
    for breakage in BREAKAGES:
        if wanted and not any(word in breakage.what for word in wanted):
            continue
        found = noticed(breakage)
        print(f"{'noticed' if found else 'MISSED '}  rule {breakage.rule}: {breakage.what}  {found[:150]}", flush=True)
        missed += [] if found else [breakage.what]
    print(f"{len(missed)} of {len(BREAKAGES)} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

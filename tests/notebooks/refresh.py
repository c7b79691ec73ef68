"""Run the notebooks and keep their outputs: `python -m tests.notebooks.refresh`, after a change that shows in them.

What changes from run to run without meaning anything (times, the interpreter's version, states of widgets) is
left out of the files.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
TIMEOUT_S = 60


def refresh(path: Path) -> None:
    """Execute one notebook in place; raises for a cell that fails."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=TIMEOUT_S, record_timing=False, store_widget_state=False)
    client.execute(cwd=str(path.parent))
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for found in sorted(NOTEBOOKS.glob("*.ipynb")):
        print(found.name)
        refresh(found)

"""A real Jupyter kernel, one call a cell."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

ANSWER_S = 30.0
"""Nothing here takes longer on a healthy machine."""
WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass
class Ran:
    """What came of one cell. `updates` are outputs it brought up to date, `comms` messages of widgets."""

    outputs: list[dict[str, Any]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    comms: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""
    traceback: str = ""
    printed: str = ""
    seconds: float = 0.0

    @property
    def shown(self) -> dict[str, Any]:
        """The one output."""
        assert len(self.outputs) == 1, self
        return self.outputs[0]


class Kernel:
    """Starts on entry; `cell` runs code and waits, `begin` and `finish` do it in two steps."""

    def __init__(self, folder: Path, **environment: str) -> None:
        # Cells here write the same prompts again and again, and look at how that streams and stops.
        environment = {"CACHE_BACKEND": "none", **environment}
        self._environment = {**os.environ, "IPYTHONDIR": str(folder / "ipython"), **environment}
        self._folder = folder
        self.manager = KernelManager(kernel_name="python3", transport="ipc", ip=str(folder / "k"))
        self.client: BlockingKernelClient = self.manager.client()

    def __enter__(self) -> Kernel:
        self.manager.start_kernel(env=self._environment, cwd=str(self._folder))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=ANSWER_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()

    def cell(self, code: str) -> Ran:
        ran = self.finish(self.begin(code))
        assert not ran.error, ran.traceback
        return ran

    def begin(self, code: str) -> str:
        return str(self.client.execute(code))

    def finish(self, cell: str) -> Ran:
        """Everything the kernel said until the cell was done; messages of earlier cells' tasks too."""
        ran, began = Ran(), time.perf_counter()
        while True:
            message = self.client.get_iopub_msg(timeout=ANSWER_S)
            kind, content = message["msg_type"], message["content"]
            if kind in ("execute_result", "display_data"):
                ran.outputs.append(content["data"])
            elif kind == "update_display_data":
                ran.updates.append(content["data"])
            elif kind.startswith("comm_"):
                ran.comms.append({"type": kind, **content})
            elif kind == "stream":
                ran.printed += content["text"]
            elif kind == "error":
                ran.error, ran.traceback = content["ename"], "\n".join(content["traceback"])
            if message["parent_header"].get("msg_id") != cell:
                continue
            if kind == "status" and content["execution_state"] == "idle":
                ran.seconds = time.perf_counter() - began
                return ran

    def wait_for_text(self) -> dict[str, Any]:
        """The next piece of prose a view is sent."""
        while True:
            message = self.client.get_iopub_msg(timeout=ANSWER_S)
            told = message["content"].get("data", {})
            custom = message["msg_type"] == "comm_msg" and told.get("method") == "custom"
            if custom and told["content"]["kind"] == "text":
                return dict(told["content"])

    def wait_for_print(self) -> str:
        """The next thing printed, by whatever cell or task."""
        while True:
            message = self.client.get_iopub_msg(timeout=ANSWER_S)
            if message["msg_type"] == "stream":
                return str(message["content"]["text"])

    def send_to_widget(self, comm_id: str, content: dict[str, Any]) -> None:
        """What a page does when somebody presses a button."""
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        self.client.shell_channel.send(message)

"""The control path `/_simulator/`: rules in; bill, requests and closings out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ghostkit.errors import InputError
from ghostkit.testing.simulator.connection import HttpRequest
from ghostkit.testing.simulator.dialects import Reply
from ghostkit.testing.simulator.dialects.base import dumps
from ghostkit.testing.simulator.rules import parse_rules

if TYPE_CHECKING:
    from ghostkit.testing.simulator.serving import Server


def answer(server: Server, request: HttpRequest) -> Reply:
    """Do what a control request asks for."""
    act = (request.method, request.target.removeprefix("/_simulator").strip("/"))
    if act == ("PUT", "rules"):
        try:
            server.set_rules(parse_rules(request.body, "the rules"))
        except InputError as error:
            return Reply(status=400, body=dumps(error.as_dict()))
        return Reply(status=200, body=b'{"ok":true}')
    if act == ("POST", "reset"):
        server.reset()
        return Reply(status=200, body=b'{"ok":true}')
    if act == ("GET", "rules"):
        return _shown([rule.model_dump(exclude_none=True, exclude_unset=True) for rule in server.book.rules])
    if act == ("GET", "bill"):
        return _shown(list(server.bill.lines))
    if act == ("GET", "requests"):
        return _shown([_seen(seen) for seen in server.requests])
    if act == ("GET", "closings"):
        return _shown(list(server.closings))
    if act == ("GET", ""):
        return _shown({"simulator": "ghostkit", "calls": server.calls, "rules": len(server.book.rules)})
    known = "GET rules, bill, requests, closings; PUT rules; POST reset"
    return Reply(
        status=404, body=dumps({"code": "not_found", "message": f"The control path knows {known}.", "fix": ""})
    )


def _seen(request: HttpRequest) -> dict[str, Any]:
    """A request as it came, without its keys: how long they are is all that is told."""
    secret = ("authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie")
    headers = {
        name: f"<{len(value)} characters>" if name in secret else value for name, value in request.headers.items()
    }
    try:
        body = json.loads(request.body) if request.body else None
    except ValueError:
        body = request.body.decode("utf-8", "replace")
    return {"method": request.method, "path": request.target, "headers": headers, "body": body}


def _shown(value: object) -> Reply:
    return Reply(status=200, body=dumps(value))

"""The error tree: drawn as it is, each error with its code and exit code, messages that say what to do."""

from __future__ import annotations

import copy
import errno
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ghostkit import errors
from ghostkit.errors import GhostkitError, ProviderError, StorageError, storage_errors


def tree(base: type[GhostkitError] = GhostkitError) -> Iterator[type[GhostkitError]]:
    """Every class of the tree that this module defines."""
    yield base
    for child in base.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from tree(child)


CLASSES = list(tree())
DRAWN = re.compile(r"^    (?P<lines>[│├└─ ]*)(?P<name>[A-Z]\w+)(?:\s+exit (?P<exit>\d))?", re.MULTILINE)


def drawn() -> list[tuple[int, str, int | None]]:
    """(depth, name, exit code or None) of every line of the drawing at the module's top."""
    assert errors.__doc__
    return [
        (len(found["lines"]) // 4, found["name"], int(found["exit"]) if found["exit"] else None)
        for found in DRAWN.finditer(errors.__doc__)
    ]


def test_the_drawing_shows_every_class_under_its_parent() -> None:
    path: list[str] = []
    parents: dict[str, str | None] = {}
    for depth, name, _ in drawn():
        del path[depth:]
        parents[name] = path[-1] if path else None
        path.append(name)
    real = {cls.__name__: cls.__bases__[0].__name__ if cls is not GhostkitError else None for cls in CLASSES}
    # Drawn at the top level because it has an exit code to show; it is an InputError all the same.
    parents["ModelChoiceNeeded"] = "InputError"
    assert parents == real


def test_the_exit_codes_are_those_of_the_drawing() -> None:
    for _, name, code in drawn():
        if code is not None:
            assert getattr(errors, name).exit_code == code, name
    assert {cls.exit_code for cls in CLASSES} == {1, 2, 3, 4}


def test_every_public_class_of_the_module_is_in_the_tree() -> None:
    public = {
        name
        for name, thing in vars(errors).items()
        if inspect.isclass(thing) and issubclass(thing, BaseException) and thing.__module__ == errors.__name__
    }
    assert public == {cls.__name__ for cls in CLASSES}


def test_codes_are_short_lower_case_words_and_tell_the_errors_apart() -> None:
    codes = [cls.code for cls in CLASSES]
    assert all(re.fullmatch(r"[a-z_]+", code) for code in codes)
    assert sorted(code for code in codes if codes.count(code) > 1) == []


def test_providers_errors_say_their_kind_and_whether_to_try_again() -> None:
    own_way = (ProviderError, errors.StreamTruncated, errors.CircuitOpen, errors.BadAnswer)
    kinds = {cls.kind: cls.retryable for cls in tree(ProviderError) if cls not in own_way}
    assert kinds == {
        "auth": False, "rate": True, "overloaded": True, "timeout": True, "server": True, "content": False,
        "quota": False, "bad_request": False,
    }  # fmt: skip
    assert [cls.retryable for cls in own_way] == [False] * 4
    assert errors.BadAnswer("Garbage.", retryable=True).retryable is True


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_keeps_its_message_fix_and_facts(cls: type[GhostkitError]) -> None:
    error = cls("The brief is empty.", fix="Write one.", path="brief.md", size=0)
    assert str(error) == "The brief is empty. Write one."
    assert (error.message, error.fix) == ("The brief is empty.", "Write one.")
    assert (error.path, error.size) == ("brief.md", 0)  # type: ignore[attr-defined]
    assert error.as_dict() == {"code": cls.code, "message": "The brief is empty.", "fix": "Write one."}
    assert isinstance(error, GhostkitError)


def test_without_a_fix_there_is_no_trailing_space() -> None:
    assert str(GhostkitError("It broke.")) == "It broke."


def test_a_provider_error_keeps_what_came_and_how_long_to_wait() -> None:
    error = errors.RateLimited("Slow down.", retry_after_s=7.5, partial="Once")
    assert (error.retry_after_s, error.partial) == (7.5, "Once")
    assert (errors.AuthError("No.").retry_after_s, errors.AuthError("No.").partial) == (None, "")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO, errno.EDQUOT])
def test_trouble_with_the_disk_becomes_one_storage_error(number: int) -> None:
    with pytest.raises(StorageError) as caught, storage_errors(Path("books/x"), "write"):
        raise OSError(number, "the system's words")
    assert caught.value.message == "Could not write books/x: the system's words."
    assert caught.value.fix
    assert (caught.value.path, caught.value.errno) == ("books/x", number)  # type: ignore[attr-defined]
    assert isinstance(caught.value.__cause__, OSError)


def test_an_os_error_without_a_text_still_says_something() -> None:
    with pytest.raises(StorageError, match=r"Could not read x: odd\."), storage_errors("x", "read"):
        raise OSError("odd")


def test_other_errors_pass_through_unchanged() -> None:
    with pytest.raises(ZeroDivisionError), storage_errors("x", "read"):
        raise ZeroDivisionError
    inner = StorageError("Already told.")
    with pytest.raises(StorageError) as caught, storage_errors("x", "read"):
        raise inner
    assert caught.value is inner


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_survives_the_way_between_processes(cls: type[GhostkitError]) -> None:
    """They are handed over as their class, arguments and facts (`__reduce_ex__`), as a copy is made."""
    error = cls("The brief is empty.", fix="Write one.", path="brief.md")
    copied = copy.copy(error)
    assert str(copied) == str(error)
    assert copied.__dict__ == error.__dict__

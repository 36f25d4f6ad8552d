"""Plain data out of a pickle, read opcode by opcode: nothing in it is called.

Only what makes numbers, text, lists, tuples, dicts and tensors is understood. A global
name stays a name; the few that may be applied to arguments are looked up in a table of
our own functions, and everything else in the file is an error.

A pickle may hold one tuple in many places, so that a few bytes stand for more than fits
the memory. Hence nothing but text is quoted in errors, and only plain data is hashed.
"""

import pickletools
import warnings
from collections.abc import Callable, Iterable, Mapping, Sized
from dataclasses import dataclass
from typing import IO, Any, Protocol, runtime_checkable

from genface.errors import WeightError
from genface.weights.excerpt import excerpt

MOST_OPCODES = 5_000_000
MOST_BITS = 128  # of a whole number
MOST_NAME = 500  # characters of a global
Builder = Callable[..., Any]
_MARK = object()
_CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_LITERALS = {
    *("BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT"),
    *("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINSTRING", "SHORT_BINSTRING"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
}
_SIZED_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_KEYS = (str, int, float, bool, type(None))


@dataclass(frozen=True)
class Name:
    """A global that the file names; it is not imported."""

    text: str


@runtime_checkable
class Stateful(Protocol):
    """What a builder of ours may return for an object whose state comes after it."""

    def with_state(self, state: Any) -> Any:
        """What takes the object's place, once its state is known."""


def read_pickle(
    stream: IO[bytes],
    builders: Mapping[str, Builder],
    persistent: Callable[[Any], Any],
) -> Any:
    """The object of the pickle that starts at the stream's position.

    ``builders`` are what may be applied to arguments, by global name
    (``module.attribute``); ``persistent`` turns a persistent id into its object. A
    :class:`WeightError` names the first opcode or global that is not allowed.
    """
    machine = _Machine(builders, persistent)
    try:
        # Random bytes may hold escapes that Python warns of: they are damage, no news.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return _run(machine, stream)
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError) as error:
        raise WeightError(
            f"a damaged pickle ({excerpt(str(error))}); pull the file again."
        ) from None


def keyed(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """A dict whose keys are plain data; what is nested may take forever to hash."""
    found = {}
    for key, value in pairs:
        if not isinstance(key, _KEYS):
            raise WeightError("a pickle with a dict whose keys are no plain data.")
        found[key] = value
    return found


def _run(machine: "_Machine", stream: IO[bytes]) -> Any:
    for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
        if count >= MOST_OPCODES:
            raise WeightError("a pickle of more than 5 million opcodes; not read.")
        if opcode.name == "STOP":
            return machine.pop()
        machine.step(opcode.name, argument)
    raise WeightError("a pickle that does not end; pull the file again.")


class _Machine:
    """The stack and the memo of a pickle."""

    def __init__(
        self, builders: Mapping[str, Builder], persistent: Callable[[Any], Any]
    ) -> None:
        self._builders, self._persistent = builders, persistent
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._applied = 0

    def pop(self) -> Any:
        value = self._stack.pop()
        if value is _MARK:
            raise ValueError("a mark where a value belongs")
        return value

    def step(self, name: str, argument: Any) -> None:
        if name in ("PROTO", "FRAME"):
            return
        if name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])
        elif name in _LITERALS:
            if isinstance(argument, int) and argument.bit_length() > MOST_BITS:
                raise WeightError(f"a number of more than {MOST_BITS} bits; not read.")
            self._stack.append(argument)
        elif name in _SIZED_TUPLES:
            count = _SIZED_TUPLES[name]
            items = [self.pop() for _ in range(count)]
            self._stack.append(tuple(reversed(items)))
        else:
            method = getattr(self, f"_{name.lower()}", None)
            if method is None:
                raise WeightError(f"a pickle with the opcode {name}; not read.")
            method(argument)

    def _since_mark(self) -> list[Any]:
        items: list[Any] = []
        while (value := self._stack.pop()) is not _MARK:
            items.append(value)
        return items[::-1]

    def _mark(self, _: Any) -> None:
        self._stack.append(_MARK)

    def _empty_dict(self, _: Any) -> None:
        self._stack.append({})

    def _empty_list(self, _: Any) -> None:
        self._stack.append([])

    def _tuple(self, _: Any) -> None:
        self._stack.append(tuple(self._since_mark()))

    def _memoize(self, _: Any) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _binput(self, place: int) -> None:
        self._memo[place] = self._stack[-1]

    def _binget(self, place: int) -> None:
        self._stack.append(self._memo[place])

    _long_binput, _long_binget = _binput, _binget

    def _append(self, _: Any) -> None:
        value = self.pop()
        self._kept(list).append(value)

    def _appends(self, _: Any) -> None:
        values = self._since_mark()
        self._kept(list).extend(values)

    def _setitem(self, _: Any) -> None:
        value, key = self.pop(), self.pop()
        self._fill([key, value])

    def _setitems(self, _: Any) -> None:
        self._fill(self._since_mark())

    def _fill(self, flat: list[Any]) -> None:
        target = self._kept(dict)
        target.update(keyed(zip(flat[::2], flat[1::2], strict=True)))

    def _kept(self, kind: type) -> Any:
        if not isinstance(self._stack[-1], kind):
            raise ValueError(f"no {kind.__name__} to fill")
        return self._stack[-1]

    def _global(self, argument: str) -> None:
        self._name(argument.replace(" ", "."))

    def _stack_global(self, _: Any) -> None:
        name, module = self.pop(), self.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise ValueError("a global whose name is no text")
        self._name(f"{module}.{name}")

    def _name(self, text: str) -> None:
        if len(text) > MOST_NAME:
            raise WeightError(f"a global named by over {MOST_NAME} letters; not read.")
        self._stack.append(Name(text))

    def _binpersid(self, _: Any) -> None:
        self._stack.append(self._persistent(self.pop()))

    def _reduce(self, _: Any) -> None:
        self._apply("REDUCE")

    def _newobj(self, _: Any) -> None:
        self._apply("NEWOBJ")

    def _apply(self, opcode: str) -> None:
        arguments, called = self.pop(), self.pop()
        if not isinstance(called, Name) or called.text not in self._builders:
            what = excerpt(called.text if isinstance(called, Name) else called)
            raise WeightError(
                f"a pickle whose opcode {opcode} wants to call {what}; "
                "only arrays are read from it."
            )
        if not isinstance(arguments, tuple):
            raise ValueError("arguments that are no tuple")
        # What a builder copies counts each time: the file may give it the same again.
        self._applied += sum(len(item) for item in arguments if isinstance(item, Sized))
        if self._applied > MOST_OPCODES:
            raise WeightError("a pickle that copies more than 5 million items.")
        self._stack.append(self._builders[called.text](*arguments))

    def _build(self, _: Any) -> None:
        """State of an object: torch keeps versions of modules there; left out."""
        state = self.pop()
        if isinstance(self._stack[-1], Stateful):
            self._stack[-1] = self._stack[-1].with_state(state)
        else:
            self._kept(dict)

"""Random values of any type, drawn from pycrate's compiled description and never from our own schema.

`draw` is a `random.Random`: a seeded one for tables, hypothesis' own (``st.randoms(use_true_random=False)``) where failures
shall shrink. Edges come more often than in a fair draw: bounds, one inside a bound, empty and full lists, extension additions,
components that equal their DEFAULT. Depth and size are bounded by `Budget`: past it optional parts stay out, lists stay at
their lower bound and CHOICE takes its shallowest alternative.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from codec_pycrate import row_name, rows_of

# 127 is left out: pycrate refuses it, though IA5String has it (X.680 table 8); `test_uper_rules.py` has it by hand.
IA5 = "".join(map(chr, range(127)))
VISIBLE = "".join(map(chr, range(32, 127)))
ALPHABETS = {
    "IA5String": IA5,
    "VisibleString": VISIBLE,
    "ISO646String": VISIBLE,
    "PrintableString": string.ascii_letters + string.digits + " '()+,-./:=?",
    "NumericString": " 0123456789",
    "UTF8String": "aZ0 ~é中🚗",
    "BMPString": "aZ0 ~é中",
    "UniversalString": "aZ0 ~é中🚗",
}
OCTET_STRINGS_IN_UPER = ("TeletexString", "GeneralString", "GraphicString", "ObjectDescriptor", "T61String")


@dataclass
class Budget:
    """What one value may still cost."""

    elements: int = 60
    depth: int = 14
    longest: int = 12
    additions: bool = True  # extension additions that the schema knows
    unknown_rows: bool = True  # ids outside the table, with octets
    long_strings: bool = True  # bit and character strings longer than an extensible SIZE has in its root
    second_arc: int = 2**20  # of an OBJECT IDENTIFIER that starts with 2
    beyond_root: bool = True  # values and sizes that an extension marker allows

    def spent(self, depth: int) -> bool:
        return self.elements <= 0 or depth > self.depth


def generate(compiled: Any, draw: Random, budget: Budget, depth: int = 0) -> Any:
    """A value of the compiled type, in the form of CONTRACTS.md."""
    budget.elements -= 1
    maker = MAKERS.get(compiled.TYPE)
    if maker is None:
        raise NotImplementedError(f"no generator for {compiled.TYPE}")
    return maker(compiled, draw, budget, depth)


def _boolean(compiled: Any, draw: Random, budget: Budget, depth: int) -> bool:
    return draw.randrange(2) == 1


def _null(compiled: Any, draw: Random, budget: Budget, depth: int) -> None:
    return None


def _integer(compiled: Any, draw: Random, budget: Budget, depth: int) -> int:
    limits = compiled._const_val
    if not limits:
        return edge(draw, -(2**70), 2**70)
    if limits._ev is not None and budget.beyond_root and draw.randrange(4) == 0:
        return edge(draw, -(2**40), 2**40)
    parts = [(one, one) for one in limits._rv] + [(part.lb, part.ub) for part in limits._rr]
    low, high = draw.choice(parts)
    low = low if isinstance(low, int) else (high - 2**40 if isinstance(high, int) else -(2**40))
    high = high if isinstance(high, int) else low + 2**40
    return edge(draw, low, high)


def edge(draw: Random, low: int, high: int) -> int:
    """A number of low..high: a bound half of the time; in these standards the last code mostly says "unavailable"."""
    where = draw.randrange(10)
    if where < 5:
        return min(high, max(low, (low, high, high, low + 1, high - 1)[where]))
    return draw.randrange(low, high + 1)


def _enumerated(compiled: Any, draw: Random, budget: Budget, depth: int) -> str:
    names = [name for name in compiled._cont if budget.additions or name not in (compiled._ext or ())]
    return str(draw.choice(names))


def length(compiled: Any, draw: Random, budget: Budget) -> int:
    """A number of elements that the SIZE constraint allows: mostly short, its bounds where the budget permits."""
    limits = compiled._const_sz
    low, high = 0, budget.longest
    if limits:
        low = limits.lb or 0
        high = limits.ub if limits.ub is not None else low + budget.longest
        stretches = budget.long_strings or compiled.TYPE in ("OCTET STRING", "SEQUENCE OF", "SET OF")
        if limits._ev is not None and budget.beyond_root and stretches and draw.randrange(5) == 0:
            high += 3
    most = min(high, max(low, budget.longest))
    largest = high if high <= 4 * budget.longest else most
    where = draw.randrange(6)
    return (low, most, min(most, low + 1), largest)[where] if where < 4 else draw.randrange(low, most + 1)


def octets(draw: Random, count: int) -> bytes:
    """Random octets in one draw; each octet from its own would cost hypothesis a hundred choices."""
    return draw.getrandbits(8 * count).to_bytes(count, "big") if count else b""


def _bit_string(compiled: Any, draw: Random, budget: Budget, depth: int) -> tuple[bytes, int]:
    bits = length(compiled, draw, budget)
    number = draw.choice((0, 1, 2**bits - 1, draw.getrandbits(bits) if bits else 0)) & (2**bits - 1)
    if compiled._cont:
        # X.691 16.3: trailing zero bits of a string of named bits are not sent beyond the least size allowed. How a codec
        # treats a value that has some is a question of its own (`test_values.py`); these values have none.
        least = (compiled._const_sz.lb or 0) if compiled._const_sz else 0
        while bits > least and not number & 1:
            number, bits = number >> 1, bits - 1
    count = (bits + 7) // 8
    return (number << (8 * count - bits)).to_bytes(count, "big"), bits


def _octet_string(compiled: Any, draw: Random, budget: Budget, depth: int) -> bytes:
    return octets(draw, length(compiled, draw, budget))


def _text(compiled: Any, draw: Random, budget: Budget, depth: int) -> str:
    alphabet: Any = ALPHABETS.get(compiled.TYPE, VISIBLE)
    limits = compiled._const_alpha
    if limits:
        alphabet = [*limits._rv, *(chr(c) for part in limits._rr for c in range(ord(part.lb), ord(part.ub) + 1))]
    return "".join(draw.choice(alphabet) for _ in range(length(compiled, draw, budget)))


def _oid(compiled: Any, draw: Random, budget: Budget, depth: int) -> str:
    first = draw.randrange(3)
    second = draw.randrange(40) if first < 2 else edge(draw, 0, budget.second_arc)
    return ".".join(map(str, (first, second, *(edge(draw, 0, 2**33) for _ in range(draw.randrange(4))))))


def _relative_oid(compiled: Any, draw: Random, budget: Budget, depth: int) -> str:
    return ".".join(str(edge(draw, 0, 2**33)) for _ in range(1 + draw.randrange(4)))


def _time(compiled: Any, draw: Random, budget: Budget, depth: int) -> datetime:
    """Naive, which means UTC."""
    micro = draw.choice((0, 0, 500_000, 1)) if compiled.TYPE == "GeneralizedTime" else 0
    return datetime(1970, 1, 1, microsecond=micro) + timedelta(seconds=edge(draw, 0, 2**31))


def _list(compiled: Any, draw: Random, budget: Budget, depth: int) -> list[Any]:
    count = length(compiled, draw, budget)
    if budget.spent(depth):
        count = (compiled._const_sz.lb or 0) if compiled._const_sz else 0
    return [generate(compiled._cont, draw, budget, depth + 1) for _ in range(count)]


def _choice(compiled: Any, draw: Random, budget: Budget, depth: int) -> tuple[str, Any]:
    names = [name for name in compiled._cont if budget.additions or name not in (compiled._ext or ())]
    if budget.spent(depth):
        names = sorted(names, key=lambda name: compiled._cont[name].TYPE in CONSTRUCTED)[:1]
    name = draw.choice(names)
    return name, generate(compiled._cont[name], draw, budget, depth + 1)


def _sequence(compiled: Any, draw: Random, budget: Budget, depth: int) -> dict[str, Any]:
    rows = _chosen_rows(compiled, draw, budget)
    present = _present(compiled, draw, budget, depth)
    value: dict[str, Any] = {}
    for name, component in compiled._cont.items():
        if name not in present:
            continue
        if name in rows:
            value[name] = rows[name]
        elif component.TYPE == "OPEN_TYPE":
            key = component._const_tab_at[-1] if component._const_tab_at else None
            value[name] = _open_value(component, value.get(key), draw, budget, depth)
        else:
            value[name] = generate(component, draw, budget, depth + 1)
    return value


def _present(compiled: Any, draw: Random, budget: Budget, depth: int) -> set[str]:
    """Names of the components that shall be there.

    A component with a DEFAULT always is, so that what comes back has the same keys; a value equal to the DEFAULT stays off the
    wire. Additions come as a newer sender would write them: after the first one that is not OPTIONAL and is absent, none.
    """
    few = budget.spent(depth)
    present = set()
    for name in compiled._root:
        if not compiled._cont[name]._opt or (not few and draw.randrange(2)):
            present.add(name)
    for entry in (compiled._ext_nest or ()) if compiled._ext is not None and budget.additions else ():
        names = entry if isinstance(entry, list) else [entry]
        needed = [name for name in names if not compiled._cont[name]._opt]
        if not few and draw.randrange(3):
            present.update(needed)
            present.update(name for name in names if draw.randrange(2))
        elif needed:
            break
    return present


def _chosen_rows(compiled: Any, draw: Random, budget: Budget) -> dict[str, Any]:
    """Component → id, for each component that chooses the row of an open type beside it."""
    chosen: dict[str, Any] = {}
    for component in compiled._cont.values():
        if component.TYPE != "OPEN_TYPE" or not component._const_tab_at:
            continue
        key = component._const_tab_at[-1]
        known = list(rows_of(component))
        if known and (not budget.unknown_rows or draw.randrange(5)):
            chosen[key] = draw.choice(known)
        else:
            limits = compiled._cont[key]._const_val
            free = [number for number in range(limits.lb, limits.ub + 1) if number not in known]
            chosen[key] = draw.choice(free[:8] + free[-2:])
    return chosen


def _open_value(component: Any, identifier: Any, draw: Random, budget: Budget, depth: int) -> Any:
    row = rows_of(component).get(identifier)
    if row is None:
        return octets(draw, 1 + draw.randrange(6))
    return row_name(row), generate(row, draw, budget, depth + 1)


CONSTRUCTED = ("SEQUENCE", "SET", "SEQUENCE OF", "SET OF", "CHOICE")
MAKERS = {
    "BOOLEAN": _boolean,
    "NULL": _null,
    "INTEGER": _integer,
    "ENUMERATED": _enumerated,
    "BIT STRING": _bit_string,
    "OCTET STRING": _octet_string,
    "OBJECT IDENTIFIER": _oid,
    "RELATIVE-OID": _relative_oid,
    "GeneralizedTime": _time,
    "UTCTime": _time,
    "SEQUENCE OF": _list,
    "SET OF": _list,
    "CHOICE": _choice,
    "SEQUENCE": _sequence,
    "SET": _sequence,
    **dict.fromkeys((*ALPHABETS, *OCTET_STRINGS_IN_UPER), _text),
}

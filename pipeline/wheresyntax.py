"""The grammar of conditions on the cohort's columns: text to a tree, which `pipeline.where` applies to a frame.

    condition   = all { "or" all }
    all         = one { "and" one }
    one         = "not" one | "(" condition ")" | test
    test        = side                                         a 0/1 column by itself
                | side { ("==" | "!=" | "<" | "<=" | ">" | ">=") side }      chains: 30 <= age < 50
                | side ["not"] "in" "[" value { "," value } "]"
                | side ["not"] "between" side "and" side       both ends included
                | side "is" ["not"] "missing"
    side        = column | value
    value       = number | 'text' | "text" | "true" | "false"

A column with a name of its own kind is written in backquotes. Nothing else is understood, and nothing is evaluated
as Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_CHARACTERS = 2_000
MOST_NESTED = 40
KEYWORDS = {"and", "or", "not", "in", "between", "is", "missing", "true", "false"}
MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
COMPARISONS = tuple(MIRRORED)

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
  | (?P<text>'[^'\n]*'|"[^"\n]*")
  | (?P<quoted>`[^`\n]+`)
  | (?P<name>[^\W\d]\w*)
  | (?P<sign><=|>=|==|!=|[<>=()\[\],-])
  | (?P<end>\Z)
    )""",
    re.VERBOSE,
)


class ConditionError(ValueError):
    """A condition that cannot be read: one sentence that says where and what to write instead."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column, by name. As a condition: a 0/1 column that is 1."""

    name: str


@dataclass(frozen=True, slots=True)
class Value:
    """A number or a text."""

    value: float | str


@dataclass(frozen=True, slots=True)
class Compare:
    """left OP right; a value stands on the right."""

    left: Column
    sign: str
    right: Column | Value


@dataclass(frozen=True, slots=True)
class Among:
    """A column has one of these values."""

    column: Column
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """A column has no value."""

    column: Column


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: Condition


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part holds."""

    parts: tuple[Condition, ...]


Condition = Column | Compare | Among | Missing | Not | All | Either


def parse(expression: str) -> Condition:
    """The tree of a condition.

    Raises
    ------
    ConditionError : it is empty, too long, nested too deeply, or not a condition; the message says where
    """
    if len(expression) > MOST_CHARACTERS:
        raise ConditionError(
            f"a condition has at most {MOST_CHARACTERS:,} characters; this one has {len(expression):,}."
        )
    if not expression.strip():
        raise ConditionError("the condition is empty; write for example woman and age >= 50.")
    parser = _Parser(tuple(_tokens(expression)))
    condition = parser.condition(0)
    parser.end()
    return condition


def columns_of(condition: Condition | Value) -> Iterator[str]:
    """Names of the columns in a condition, in order, with repetitions."""
    match condition:
        case Column(name):
            yield name
        case Compare(left, _, right):
            yield from columns_of(left)
            yield from columns_of(right)
        case Among(column) | Missing(column):
            yield column.name
        case Not(part):
            yield from columns_of(part)
        case All(parts) | Either(parts):
            for part in parts:
                yield from columns_of(part)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def _tokens(expression: str) -> Iterator[_Token]:
    position = 0
    while True:
        found = _TOKEN.match(expression, position)
        if found is None:
            rest = expression[position:].lstrip()
            at = len(expression) - len(rest) + 1
            if rest[0] in "'\"`":
                raise ConditionError(f"the quotation mark at character {at} is never closed.")
            raise ConditionError(f"'{rest[0]}' at character {at} has no meaning in a condition.")
        kind = str(found.lastgroup)
        text, at = found[kind], found.start(kind) + 1
        if kind == "name" and text.lower() in KEYWORDS:
            kind, text = "word", text.lower()
        yield _Token(kind, text, at)
        if kind == "end":
            return
        position = found.end()


class _Parser:
    """Recursive descent over the tokens; one method a rule of the grammar."""

    def __init__(self, tokens: tuple[_Token, ...]) -> None:
        self.tokens = tokens
        self.position = 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.position]

    def accept(self, *texts: str) -> _Token | None:
        """The next token, if it is one of these signs or words."""
        token = self.next
        if token.kind not in ("sign", "word") or token.text not in texts:
            return None
        self.position += 1
        return token

    def expect(self, text: str, after: str) -> None:
        if not self.accept(text):
            raise ConditionError(f"expected '{text}' {after}, found {self.found()}.")

    def found(self) -> str:
        token = self.next
        return "the end" if token.kind == "end" else f"'{token.text}' at character {token.at}"

    def end(self) -> None:
        if self.next.kind != "end":
            raise ConditionError(f"expected 'and', 'or' or the end, found {self.found()}.")

    def condition(self, depth: int) -> Condition:
        if depth > MOST_NESTED:
            raise ConditionError(f"parentheses and 'not' are nested more than {MOST_NESTED} deep.")
        parts = [self.all(depth)]
        while self.accept("or"):
            parts.append(self.all(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def all(self, depth: int) -> Condition:
        parts = [self.one(depth)]
        while self.accept("and"):
            parts.append(self.one(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def one(self, depth: int) -> Condition:
        if depth > MOST_NESTED:
            raise ConditionError(f"parentheses and 'not' are nested more than {MOST_NESTED} deep.")
        if self.accept("not"):
            return Not(self.one(depth + 1))
        if opening := self.accept("("):
            inner = self.condition(depth + 1)
            self.expect(")", f"for the '(' at character {opening.at}")
            return inner
        return self.test()

    def test(self) -> Condition:
        at = self.next.at
        left = self.side()
        negated = self.accept("not")
        if word := self.accept("in", "between"):
            found = self.among(left, at) if word.text == "in" else self.between(left)
            return Not(found) if negated else found
        if negated:
            raise ConditionError(f"expected 'in' or 'between' after 'not', found {self.found()}.")
        if self.accept("is"):
            return self.missing(left, at)
        if self.next.kind == "sign" and self.next.text in COMPARISONS:
            return self.chain(left)
        if equals := self.accept("="):
            raise ConditionError(f"to compare, write == instead of = at character {equals.at}.")
        if isinstance(left, Value):
            raise ConditionError(f"the value at character {at} is compared with nothing.")
        return left

    def chain(self, left: Column | Value) -> Condition:
        """One comparison, or several that share a side: 30 <= age < 50."""
        parts: list[Condition] = []
        while sign := self.accept(*COMPARISONS):
            right = self.side()
            parts.append(_compare(left, sign.text, right, sign.at))
            left = right
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def between(self, side: Column | Value) -> Condition:
        at = self.next.at
        low = self.side()
        self.expect("and", "after the lower limit of 'between'")
        return All((_compare(side, ">=", low, at), _compare(side, "<=", self.side(), at)))

    def among(self, side: Column | Value, at: int) -> Condition:
        if not isinstance(side, Column):
            raise ConditionError(f"what stands before 'in' at character {at} must be a column.")
        closing = ")" if self.next.text == "(" else "]"
        if not self.accept("[", "("):
            raise ConditionError(f"expected a list such as ['a', 'b'] after 'in', found {self.found()}.")
        values = [self.value()]
        while self.accept(","):
            values.append(self.value())
        self.expect(closing, "at the end of the list")
        return Among(side, tuple(values))

    def missing(self, side: Column | Value, at: int) -> Condition:
        if not isinstance(side, Column):
            raise ConditionError(f"what stands before 'is' at character {at} must be a column.")
        negated = self.accept("not")
        self.expect("missing", "after 'is'")
        return Not(Missing(side)) if negated else Missing(side)

    def side(self) -> Column | Value:
        token = self.next
        if token.kind in ("name", "quoted"):
            self.position += 1
            return Column(token.text.strip("`"))
        return self.value()

    def value(self) -> Value:
        token = self.next
        sign = -1 if self.accept("-") else 1
        if self.next.kind == "number":
            self.position += 1
            return Value(sign * float(self.tokens[self.position - 1].text))
        if sign == 1 and token.kind == "text":
            self.position += 1
            return Value(token.text[1:-1])
        if sign == 1 and (word := self.accept("true", "false")):
            return Value(float(word.text == "true"))
        hint = f"; a text stands in quotes: '{token.text}'" if token.kind == "name" else ""
        raise ConditionError(f"expected a number or a text in quotes, found {self.found()}{hint}.")


def _compare(left: Column | Value, sign: str, right: Column | Value, at: int) -> Compare:
    if isinstance(left, Column):
        return Compare(left, sign, right)
    if isinstance(right, Column):
        return Compare(right, MIRRORED[sign], left)
    raise ConditionError(f"at character {at} two fixed values are compared; one side must be a column.")

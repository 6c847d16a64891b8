"""Formulas of covariates: read, and held to columns, numbers and a few functions before anything in them is computed.

formulaic evaluates what stands in a formula as Python. Only these parts reach it: names of columns, numbers, texts in
quotes, + - * / **, and calls of the functions below.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from pipeline.errors import Fault, UserError, stop_if

FUNCTIONS = ("C", "I", "log", "log2", "log10", "exp", "center", "scale", "poly", "bs", "cr", "cs", "cc")
OF_MODULES = {"np": ("log", "log2", "log10", "log1p", "exp", "sqrt"), "contr": ("treatment", "sum", "helmert", "diff")}
EXAMPLE = "Write it as in woman + age + C(education)."
MOST_CHARACTERS = 1_000
MOST_TERMS = 60
GREATEST_POWER = 3  # (a + b + ...)**n multiplies out
_POWER = re.compile(r"(?:\*\*|\^)\s*\(*\s*(\d+)")
# `education: unknown:born_outside_europe` are two parts, the first of them a level of a factor.
_BETWEEN_PARTS = re.compile(r":(?! )")
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)


def read_terms(formula: str, columns: Iterable[str], place: str) -> tuple[str, ...]:
    """The terms of a formula without its intercept, as formulaic writes them; `place` names the formula in messages.

    Raises
    ------
    UserError : it cannot be read, names a column that is not among `columns`, or holds anything but columns, numbers
        and known functions of them
    """
    terms = _parsed(formula, place)
    names: list[str] = []
    for factor in dict.fromkeys(factor for term in terms for factor in term.factors):
        if factor.eval_method.name == "PYTHON":
            names += _names(_checked(factor.expr, place))
        elif factor.eval_method.name == "LOOKUP":
            names.append(factor.expr)
    stop_if(unknown_columns(dict.fromkeys(names), columns, place))
    return tuple(str(term) for term in terms if str(term) not in ("0", "1"))


def parts_of(term: str) -> tuple[str, ...]:
    """The parts that a coefficient's name multiplies, `participant` and `education: unknown`; one for most."""
    return tuple(_BETWEEN_PARTS.split(term))


@cache
def variables_of(term: str) -> frozenset[str]:
    """The columns a formula term such as `C(education)` or `age:woman` is made from."""
    if term.isidentifier():
        return frozenset([term])
    from formulaic import Formula

    formula = Formula(f"0 + {term}")
    # formulaic does not name what stands in functions that remember the data, such as bs and poly.
    calls = [f.expr for part in formula for f in part.factors if f.eval_method.name == "PYTHON" and "`" not in f.expr]
    inside = {name for call in calls for name in _names(ast.parse(call, mode="eval"))}
    return frozenset(inside | {str(variable) for variable in formula.required_variables})


def _parsed(formula: str, place: str) -> list[Any]:
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    if len(formula) > MOST_CHARACTERS:
        raise UserError(Fault(place, f"a formula has at most {MOST_CHARACTERS:,} characters.", EXAMPLE))
    if "~" in formula:
        raise UserError(Fault(place, "names an outcome with ~; only covariates stand here.", EXAMPLE))
    if any(int(power) > GREATEST_POWER for power in _POWER.findall(formula)):
        raise UserError(Fault(place, f"a power over {GREATEST_POWER} is not understood.", EXAMPLE))
    if _nesting(formula) > 10 or "{" in formula:
        raise UserError(Fault(place, "braces and deeply nested parentheses are not understood.", EXAMPLE))
    try:
        terms = list(Formula(f"0 + {formula}"))
        if len(terms) > MOST_TERMS:
            raise UserError(Fault(place, f"a formula has at most {MOST_TERMS} terms; this has {len(terms)}.", EXAMPLE))
        if not all(hasattr(term, "factors") for term in terms):
            raise UserError(Fault(place, "cannot be read: it has several parts.", EXAMPLE))
        return terms
    except (FormulaicError, SyntaxError, ValueError, TypeError, AttributeError, RecursionError) as error:
        reason = (str(error).splitlines() or ["it is not a formula"])[0].rstrip(".")
        raise UserError(Fault(place, f"cannot be read: {reason}.", EXAMPLE)) from None


def _nesting(formula: str) -> int:
    depth = deepest = 0
    for sign in formula:
        depth += (sign in "([{") - (sign in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _checked(expression: str, place: str) -> ast.AST:
    """An expression as a tree; refused with anything in it that is not known to be harmless."""
    try:
        tree = ast.parse(expression, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UserError(Fault(place, "cannot be read.", EXAMPLE)) from None
    unknown = next(_unknown(tree), None)
    if unknown is not None:
        raise UserError(Fault(place, f"{unknown} is not understood.", f"Functions are {', '.join(FUNCTIONS)}."))
    return tree


def _names(tree: ast.AST) -> Iterator[str]:
    """Names that are no function's or module's: the columns."""
    called = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Call) for part in ast.walk(node.func)}
    called |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    yield from (n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in called)


def _unknown(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name) if name.startswith("__"):
            yield f"'{name}'"
        case ast.Name() | ast.Constant(value=int() | float() | str() | bool()):
            return
        case ast.BinOp(left, operator, right) if isinstance(operator, _OPERATORS):
            if isinstance(operator, ast.Pow) and not _small_power(right):
                yield f"a power over {GREATEST_POWER}"
            yield from _unknown(left)
            yield from _unknown(right)
        case ast.UnaryOp(ast.USub() | ast.UAdd(), operand):
            yield from _unknown(operand)
        case ast.Call(function, arguments, keywords):
            yield from _unknown_function(function)
            for part in (*arguments, *(keyword.value for keyword in keywords)):
                yield from _unknown(part)
        case ast.List(elements) | ast.Tuple(elements):
            for part in elements:
                yield from _unknown(part)
        case _:
            yield f"'{ast.unparse(node)}'"


def _small_power(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and abs(node.value) <= GREATEST_POWER


def _unknown_function(function: ast.AST) -> Iterator[str]:
    match function:
        case ast.Name(id=name) if name in FUNCTIONS:
            return
        case ast.Attribute(value=ast.Name(id=module), attr=name) if name in OF_MODULES.get(module, ()):
            return
        case _:
            yield f"the function '{ast.unparse(function)}'"


def unknown_columns(names: Iterable[str], columns: Iterable[str], place: str) -> list[Fault]:
    """A fault for each name that is no column, with the nearest that are."""
    known = [str(column) for column in columns]
    found = []
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
            remedy = f"Did you mean {' or '.join(near)}?" if near else f"The columns are {', '.join(sorted(known))}."
            found.append(Fault(place, f"there is no column '{name}'.", remedy))
    return found

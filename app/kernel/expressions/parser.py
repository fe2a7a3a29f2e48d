"""Words of an expression into a function of the names in sight.

The language is this grammar and nothing besides: what has no rule here cannot be said. (An allow-list over Python's
own parser was the other road; it would have needed the foreign spellings rewritten as text first, reads ``ﬁ`` and
``fi`` as one name, and hands on whatever a new Python learns to parse.) Three dialects share it and differ only where
their own standards do:

- ours: ``金额 > 10000 and 意见 == "同意"``; ``&&``, ``||``, ``!``, ``c ? a : b`` and ``a if c else b`` read as usual;
- JUEL ``${…}`` (Jakarta Expression Language 5.0 §1): also ``eq ne lt gt le ge div mod empty``;
- FEEL ``=…`` (DMN 1.3 §10.3): ``=`` compares, ``not(…)`` is a function, ``between``, unknown conditions are errors.

Where a dialect means something else by what looks the same (FEEL counts lists from 1 and filters with brackets,
neither JUEL nor FEEL chains comparisons) the expression is refused, not reinterpreted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..text import Text
from ..values import Value
from . import operations
from .errors import EvaluationError, ExpressionError
from .functions import FUNCTIONS, METHODS
from .lexer import Token, tokens

Node = Callable[[Mapping[str, Value]], Value]

MAX_LENGTH = 2000
MAX_NESTING = 32
MAX_NODES = 400

_CONSTANTS = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_WORDS = frozenset({"and", "or", "not", "in", "if", "else", "then", *_CONSTANTS})
_JUEL_COMPARE = {"eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">="}
_COMPARE: dict[str, Callable[[Value, Value], bool]] = {
    "==": operations.equal,
    "!=": lambda a, b: not operations.equal(a, b),
    "<": lambda a, b: operations.order(a, b) < 0,
    "<=": lambda a, b: operations.order(a, b) <= 0,
    ">": lambda a, b: operations.order(a, b) > 0,
    ">=": lambda a, b: operations.order(a, b) >= 0,
    "in": operations.member,
    "not in": lambda a, b: not operations.member(a, b),
}
_SUM = {"+": operations.add, "-": operations.subtract}
_PRODUCT = {"*": operations.multiply, "/": operations.divide, "%": operations.modulo}


def _known_truth(value: Value) -> bool:
    return operations.truth(value, null_is_false=False)


class Parser:
    """One reading of one text. ``names`` collects the root names it met, ``dialect`` is gangze | juel | feel."""

    #: A ``[`` after a value closes an interval (``]1..5[`` of a decision table) and opens no subscript.
    bracket_closes = False

    def __init__(self, source: str, start: int, end: int, dialect: str) -> None:
        self.dialect = dialect
        self.truth = _known_truth if dialect == "feel" else operations.truth
        self.names: set[str] = set()
        self.words = tokens(source, start, end)
        self.at = 0
        self.nodes = 0
        self.nesting = 0

    # -- words ----------------------------------------------------------------------------------------------------

    @property
    def word(self) -> Token:
        return self.words[self.at]

    def take(self) -> Token:
        word = self.words[self.at]
        self.at += 1
        return word

    def is_(self, *values: str) -> bool:
        """Whether the next word is one of these operators or keywords."""
        word = self.words[self.at]
        return word.kind in ("op", "name") and word.value in values

    def accept(self, *values: str) -> str | None:
        return str(self.take().value) if self.is_(*values) else None

    def expect(self, value: str) -> None:
        if not self.accept(value):
            raise self.error(Text(f"这里应为 {value}", f"expected {value} here"))

    def error(self, text: Text, word: Token | None = None) -> ExpressionError:
        return ExpressionError(text, (word or self.word).at)

    def grown(self) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self.error(Text("表达式过于复杂", "the expression is too complex"))

    # -- grammar --------------------------------------------------------------------------------------------------

    def whole(self) -> Node:
        """The text as one expression to its end."""
        node = self.expression()
        if self.word.kind != "end":
            if self.is_("="):
                raise self.error(Text("比较相等请写 ==", "write == to compare"))
            raise self.error(Text("这里不知道怎样继续", "the expression cannot go on like this"))
        return node

    def expression(self) -> Node:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise self.error(Text(f"括号或条件嵌套超过 {MAX_NESTING} 层", f"nested deeper than {MAX_NESTING} levels"))
        try:
            return self._expression()
        finally:
            self.nesting -= 1

    def _expression(self) -> Node:
        if self.accept("if"):
            test = self.expression()
            self.expect("then")
            yes = self.expression()
            self.expect("else")
            return self._conditional(test, yes, self.expression())
        first = self.disjunction()
        if self.accept("?"):
            yes = self.expression()
            self.expect(":")
            return self._conditional(first, yes, self.expression())
        if self.dialect == "gangze" and self.accept("if"):
            test = self.disjunction()
            self.expect("else")
            return self._conditional(test, first, self.expression())
        return first

    def _conditional(self, test: Node, yes: Node, no: Node) -> Node:
        self.grown()
        truth = self.truth
        return lambda names: yes(names) if truth(test(names)) else no(names)

    def disjunction(self) -> Node:
        return self._joined(self.conjunction, ("or", "||"), until=True)

    def conjunction(self) -> Node:
        return self._joined(self.negation, ("and", "&&"), until=False)

    def _joined(self, part: Callable[[], Node], words: tuple[str, str], *, until: bool) -> Node:
        """A flat chain: it stops at the first part that is ``until``, which is then its value."""
        parts = [part()]
        while self.accept(*words):
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        self.grown()
        truth = self.truth

        def chain(names: Mapping[str, Value]) -> bool:
            # Every part is judged as a condition by itself, so text never passes for yes.
            for each in parts:
                if truth(each(names)) is until:
                    return until
            return not until

        return chain

    def negation(self) -> Node:
        if self.is_("not"):
            if self.dialect == "feel":
                return self.comparison()
            self.take()
            return self._not(self._nested(self.negation))
        return self.comparison()

    def _not(self, part: Node) -> Node:
        self.grown()
        truth = self.truth
        return lambda names: not truth(part(names))

    def _nested(self, part: Callable[[], Node]) -> Node:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise self.error(Text(f"嵌套超过 {MAX_NESTING} 层", f"nested deeper than {MAX_NESTING} levels"))
        try:
            return part()
        finally:
            self.nesting -= 1

    def _comparator(self) -> str | None:
        if self.is_("==", "!=", "<", "<=", ">", ">=", "in"):
            return str(self.take().value)
        if self.dialect == "feel" and self.accept("="):
            return "=="
        if self.dialect == "juel" and self.is_(*_JUEL_COMPARE):
            return _JUEL_COMPARE[str(self.take().value)]
        if self.is_("not") and self.words[self.at + 1][:2] == ("name", "in"):
            self.at += 2
            return "not in"
        return None

    def comparison(self) -> Node:
        first = self.sum()
        if self.dialect == "feel" and self.accept("between"):
            low = self.sum()
            self.expect("and")
            return self._chain(first, [(_COMPARE[">="], low)], self._chain(first, [(_COMPARE["<="], self.sum())]))
        links: list[tuple[Callable[[Value, Value], bool], Node]] = []
        while (operator := self._comparator()) is not None:
            if links and self.dialect != "gangze":
                raise self.error(Text("此种表达式不能连续比较", "comparisons cannot be chained in this dialect"))
            links.append((_COMPARE[operator], self.sum()))
        if not links:
            return first
        if len(links) == 1:
            self.grown()
            compare, second = links[0]
            return lambda names: compare(first(names), second(names))
        return self._chain(first, links)

    def _chain(
        self, first: Node, links: list[tuple[Callable[[Value, Value], bool], Node]], also: Node | None = None
    ) -> Node:
        self.grown()

        def chain(names: Mapping[str, Value]) -> bool:
            left = first(names)
            for compare, part in links:
                right = part(names)
                if not compare(left, right):
                    return False
                left = right
            return also is None or also(names)

        return chain

    def sum(self) -> Node:
        return self._folded(self.product, _SUM, {})

    def product(self) -> Node:
        return self._folded(self.unary, _PRODUCT, {"div": "/", "mod": "%"} if self.dialect == "juel" else {})

    def _folded(
        self,
        part: Callable[[], Node],
        operators: Mapping[str, Callable[[Value, Value], Value]],
        words: Mapping[str, str],
    ) -> Node:
        """A flat chain evaluated from the left, so a long one does not nest."""
        first = part()
        links: list[tuple[Callable[[Value, Value], Value], Node]] = []
        while (word := self.accept(*operators, *words)) is not None:
            if word == "*" and self.is_("*"):
                raise self.error(Text("不支持乘方", "powers are not supported"))
            self.grown()
            links.append((operators[words.get(word, word)], part()))
        if not links:
            return first

        def fold(names: Mapping[str, Value]) -> Value:
            value = first(names)
            for operator, each in links:
                value = operator(value, each(names))
            return value

        return fold

    def unary(self) -> Node:
        if self.accept("-"):
            self.grown()
            part = self._nested(self.unary)
            return lambda names: operations.negate(part(names))
        if self.accept("+"):
            self.grown()
            part = self._nested(self.unary)
            return lambda names: operations.number(part(names))
        if self.accept("!"):
            return self._not(self._nested(self.unary))
        if self.dialect == "juel" and self.is_("empty"):
            self.take()
            self.grown()
            part, call = self._nested(self.unary), FUNCTIONS["empty"].call
            return lambda names: call(part(names))
        return self.postfix()

    def postfix(self) -> Node:
        node, steps = self.primary(), 0
        while True:
            word = self.word
            if self.accept("."):
                name = self._member_name()
                node = self._method(node, name) if self.is_("(") else self._dotted(node, name)
            elif self.is_("[") and not self.bracket_closes:
                if self.dialect == "feel":
                    raise self.error(
                        Text(
                            "不支持 FEEL 的方括号（从 1 数起或筛选）",
                            "FEEL's brackets (counting from 1, or filtering) are not supported",
                        )
                    )
                self.take()
                key = self.expression()
                self.expect("]")
                node = self._subscript(node, key)
            elif self.is_("("):
                raise self.error(Text("只能调用规定的函数", "only the functions of the language can be called"))
            else:
                return node
            steps += 1
            if steps > MAX_NESTING:
                raise self.error(Text("取值层数过多", "too many steps in one path"), word)

    def _member_name(self) -> str:
        word = self.take()
        if word.kind != "name":
            raise self.error(Text("点号后面应为名称", "a name must follow the dot"), word)
        return str(word.value)

    def _dotted(self, whole: Node, name: str) -> Node:
        self.grown()
        look_up = operations.look_up
        return lambda names: look_up(whole(names), name)

    def _subscript(self, whole: Node, key: Node) -> Node:
        self.grown()
        look_up = operations.look_up
        return lambda names: look_up(whole(names), key(names))

    def _method(self, subject: Node, name: str) -> Node:
        if name not in METHODS:
            raise self.error(Text(f"没有 .{name}() 这样的用法", f"there is no .{name}()"), self.words[self.at - 1])
        word = self.words[self.at - 1]
        return self._call(METHODS[name], word, [subject, *self._arguments()])

    def primary(self) -> Node:
        word = self.take()
        self.grown()
        if word.kind in ("number", "text"):
            value = word.value
            return lambda names: value
        if word.kind == "name":
            return self._named(word)
        if word.value == "(":
            return self._parenthesis()
        if word.value == "[":
            return self._list(self._items("]"))
        if word.kind == "end":
            raise self.error(Text("表达式不完整", "the expression is not complete"), word)
        if word.value == "=":
            raise self.error(Text("比较相等请写 ==", "write == to compare"), word)
        raise self.error(Text(f"这里不能用 {word.value}", f"{word.value} cannot stand here"), word)

    def _named(self, word: Token) -> Node:
        name = str(word.value)
        if name in _CONSTANTS:
            value = _CONSTANTS[name]
            return lambda names: value
        if name == "not" and self.dialect == "feel" and self.is_("("):
            self.take()
            part = self.expression()
            self.expect(")")
            return self._not(part)
        if name in _WORDS:
            raise self.error(Text(f"这里不能用 {name}", f"{name} cannot stand here"), word)
        if self.is_("("):
            if name == "defined":
                return self._defined()
            if name not in FUNCTIONS:
                raise self.error(Text(f"没有函数 {name}", f"there is no function {name}"), word)
            return self._call(name, word, self._arguments())
        self.names.add(name)
        return _root(name)

    def _arguments(self) -> list[Node]:
        self.expect("(")
        return self._items(")")

    def _items(self, closing: str) -> list[Node]:
        items: list[Node] = []
        while not self.accept(closing):
            if items:
                if not self.accept(","):
                    raise self.error(Text(f"这里应为 , 或 {closing}", f"expected , or {closing} here"))
                if self.accept(closing):
                    break
            items.append(self.expression())
        return items

    def _call(self, name: str, word: Token, arguments: list[Node]) -> Node:
        self.grown()
        call, least, most = FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            wanted = str(least) if least == most else f"{least}–{most}"
            raise self.error(Text(f"{name} 需要 {wanted} 个参数", f"{name} takes {wanted} argument(s)"), word)
        if len(arguments) == 1:
            only = arguments[0]
            return lambda names: call(only(names))
        return lambda names: call(*[each(names) for each in arguments])

    def _defined(self) -> Node:
        """``defined(a.b)``: whether every step of the path is there and the last is not nothing."""
        self.expect("(")
        word = self.take()
        if word.kind != "name" or word.value in _WORDS:
            raise self.error(Text("defined 需要一个名称", "defined takes a name"), word)
        root, path = str(word.value), []
        self.names.add(root)
        while self.accept("."):
            path.append(self._member_name())
        self.expect(")")
        self.grown()

        def defined(names: Mapping[str, Value]) -> bool:
            value: Any = names.get(root)
            for key in path:
                value = value.get(key) if isinstance(value, Mapping) else None
            return value is not None

        return defined

    def _parenthesis(self) -> Node:
        first = self.expression()
        if self.accept(")"):
            return first
        if not self.accept(","):
            raise self.error(Text("这里应为 , 或 )", "expected , or ) here"))
        return self._list([first, *self._items(")")])

    def _list(self, items: list[Node]) -> Node:
        return lambda names: [each(names) for each in items]


def _root(name: str) -> Node:
    def root(names: Mapping[str, Value]) -> Value:
        try:
            return names[name]
        except KeyError as error:
            raise EvaluationError(Text(f"没有“{name}”这一项", f"there is no {name!r}")) from error

    return root

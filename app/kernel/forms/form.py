"""A form: what it asks, and the one place where what people send is turned into values of a case."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ..expressions import EvaluationError, Expression, ExpressionError, compile
from ..text import Text
from ..values import MAX_BYTES, Value, dumps
from . import fields as drawing
from .check import Calculation, Check, Reading, compile_check
from .conditions import Conditions
from .fields import Field, text_of
from .messages import NOT_WRITABLE, REQUIRED, TOO_LARGE, TYPES, UNKNOWN
from .schema import CONDITIONS, MAX_FIELDS, Acceptance, FormError, type_of

MAX_RULES = 100


@dataclass(frozen=True, slots=True)
class Rule:
    """Over several fields: where ``when`` holds (always, if None), ``then`` must; else ``message`` at ``field``."""

    when: Expression | None
    then: Expression
    message: Text
    field: str

    @property
    def names(self) -> frozenset[str]:
        return self.then.names | (self.when.names if self.when else frozenset())


class Form:
    """A loaded form; immutable, to be kept and shared. Make one with :meth:`load` or :meth:`parse`."""

    def __init__(
        self,
        title: Text,
        schema: Mapping[str, Any],
        fields: tuple[Field, ...],
        calculations: Mapping[str, Calculation],
        rules: tuple[Rule, ...],
    ) -> None:
        self.title = title
        self.schema = schema
        self.fields = fields
        self.rules = rules
        self.calculated = frozenset(calculations)
        self._calculations = calculations
        self._required = tuple(schema.get("required", ()))
        self._frozen = frozenset(f.name for f in fields if f.read_only)
        conditions = {k: v for k, v in schema.items() if k in CONDITIONS}
        self._conditions = Conditions(conditions) if conditions else None
        checks = {
            name: compile_check(inner) for name, inner in schema["properties"].items() if name not in calculations
        }
        # Tables last: their rows may calculate with the fields beside them.
        simple = {n: c for n, c in checks.items() if type_of(schema["properties"][n]) not in ("array", "object")}
        self._checks: Mapping[str, Check] = simple | checks

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Form:
        """The form of a whole file ``{"title": {"zh","en"}, "schema": {…}, "ui": {…}}``; raises FormError."""
        if not isinstance(document, Mapping) or not {"schema"} <= document.keys() <= {"title", "schema", "ui"}:
            raise FormError(
                [("", Text("表单文件应只有 title、schema、ui", "a form has title, schema and ui and nothing else"))]
            )
        return cls.load(document["schema"], document.get("ui"), document.get("title"))

    @classmethod
    def load(cls, schema: Mapping[str, Any], ui: Mapping[str, Any] | None = None, title: Any = None) -> Form:
        """The form that ``schema`` (JSON Schema 2020-12, the part of it in :mod:`.schema`) and ``ui`` describe.

        Raises:
            FormError: with everything that is wrong with it, by place.
        """
        if not isinstance(schema, Mapping):
            raise FormError([("", Text("表单结构应为记录", "the schema must be a record"))])
        look = Acceptance(schema)
        try:
            schema = look.copy(schema)
            look.well_formed(schema)
        except RecursionError as error:
            raise FormError([("", Text("表单结构嵌套过深", "the schema is nested too deep"))]) from error
        if type_of(schema) != "object" or "properties" not in schema:
            raise FormError(
                [("", Text("表单应为 object 并说明 properties", "a form must be an object with properties"))]
            )
        look.values(schema, "", root=True)
        ui = {} if ui is None else ui
        drawing.check_ui(ui, schema, look)
        _check_names(schema, look)
        if look.problems:
            raise FormError(look.problems)
        calculations, rules = _calculations(schema, look), _rules(schema, look)
        if look.problems:
            raise FormError(look.problems)
        named = text_of(title) or text_of(schema.get("title")) or Text("表单", "Form")
        return cls(named, schema, drawing.draw(schema, ui), calculations, rules)

    # -- showing ----------------------------------------------------------------------------------------------------

    def drawn(
        self, *, write: Collection[str] | None = None, hidden: Collection[str] = ()
    ) -> tuple[tuple[Field, bool], ...]:
        """(field, may it be written) for every field that is not hidden, in order."""
        return tuple((f, self.may_write(f.name, write, hidden)) for f in self.fields if f.name not in hidden)

    def shown(self, values: Mapping[str, Value], hidden: Collection[str] = ()) -> dict[str, Value]:
        """Those of ``values`` that are this form's and not hidden."""
        return {f.name: values[f.name] for f in self.fields if f.name in values and f.name not in hidden}

    def may_write(self, name: str, write: Collection[str] | None = None, hidden: Collection[str] = ()) -> bool:
        """Whether a person with these rights may set the field ``name``."""
        return name not in self._frozen and name not in hidden and (write is None or name in write)

    # -- reading ----------------------------------------------------------------------------------------------------

    def validate(
        self,
        values: Mapping[str, Any],
        *,
        write: Collection[str] | None = None,
        hidden: Collection[str] = (),
        context: Mapping[str, Value] | None = None,
        strict: bool = False,
        known: Mapping[str, Callable[[Any], bool]] | None = None,
    ) -> tuple[dict[str, Value], dict[str, list[Text]]]:
        """What was sent, as values of a case, and what is wrong with it.

        A field that was sent empty comes back as None, one that was not sent not at all (the case keeps its value).
        Calculated fields always come back, also hidden ones: they are the server's own and must not go stale.
        Conditions over several fields are asked once every field by itself is sound. A field that may not be written
        here is nobody's to fill in here: it is never "required".

        Args:
            values: raw values: texts of a post, or JSON.
            write: names of the fields that may be written; None = all.
            hidden: fields the person may not see: never written, never returned, never told about.
            context: the case's data as it is: present values of fields, ``nodes``, parameters; what expressions see.
            strict: True for JSON: ``"12"`` is then no number and text is kept to the blank.
            known: by reference format (``person`` …) whether an id or code exists; formats left out are not asked.

        Returns:
            the values that were good, and the errors by field path (``items.0.qty``; ``""`` = the form as a whole).
            Only without errors may the values be used.
        """
        context = context if context is not None else {}
        names: dict[str, Any] = dict(context)
        reading = Reading(strict, known or {}, names)
        clean: dict[str, Value] = {}
        if not isinstance(values, Mapping):
            reading.error("", TYPES["object"])
            return clean, reading.errors
        self._refuse_strangers(values, reading)
        for name, check in self._checks.items():
            if name not in values:
                continue
            if self.may_write(name, write, hidden):
                before = len(reading.errors)
                value = check(reading, values[name], name)
                if len(reading.errors) == before:
                    clean[name] = names[name] = value
            elif name in hidden or not self._unchanged(check, values[name], context.get(name), reading, name):
                # A hidden field is not compared at all: an answer "the same" would give its value away.
                reading.error(name, NOT_WRITABLE)
        for name in self._required:
            if (
                names.get(name) is None
                and self.may_write(name, write, hidden)
                and not any(p == name or p.startswith(f"{name}.") for p in reading.errors)
            ):
                reading.error(name, REQUIRED)
        for name, calculation in self._calculations.items():
            clean[name] = names[name] = calculation.value(reading, names, name)
        self._ask(reading, names, write, hidden)
        if not reading.errors and not _fits(clean):
            reading.error("", TOO_LARGE)
        return clean, reading.errors

    def _refuse_strangers(self, values: Mapping[str, Any], reading: Reading) -> None:
        for name in values:
            if name not in self._checks and name not in self.calculated:
                shown = name if isinstance(name, str) and len(name) <= 64 and name.isprintable() else ascii(name)[:64]
                reading.error(shown, UNKNOWN)
                if len(reading.errors) >= 20:
                    break

    def _unchanged(self, check: Check, raw: Any, present: Value, reading: Reading, name: str) -> bool:
        aside = Reading(reading.strict, {}, reading.names)
        value = check(aside, raw, name)
        return not aside.errors and (value == present or (value is None and present in ("", [])))

    def _ask(
        self, reading: Reading, names: Mapping[str, Any], write: Collection[str] | None, hidden: Collection[str]
    ) -> None:
        """The questions that need several fields: the schema's conditions, and the rules."""
        if self._conditions is not None and not reading.errors:
            present = {name: names[name] for name in self.schema["properties"] if names.get(name) is not None}
            for path, text, keyword in self._conditions.errors(present):
                field = path.partition(".")[0]
                if keyword in ("required", "dependentRequired") and not self.may_write(field, write, hidden):
                    continue
                reading.error("" if field in hidden else path, text)
        wrong = {path.partition(".")[0] for path in reading.errors}
        for rule in self.rules:
            if not rule.names & wrong and (text := _broken(rule, names)) is not None:
                reading.error("" if rule.field in hidden else rule.field, text)


def _broken(rule: Rule, names: Mapping[str, Any]) -> Text | None:
    try:
        if rule.when is not None and not rule.when.holds(names):
            return None
        return None if rule.then.holds(names) else rule.message
    except EvaluationError as error:
        # Something it speaks of has not been entered: nothing to compare yet. Otherwise the rule itself is at fault.
        return error.text if all(names.get(n) is not None for n in rule.names) else None


def _fits(clean: Mapping[str, Value]) -> bool:
    try:
        return len(dumps(clean)) <= MAX_BYTES
    except (TypeError, ValueError):
        return False


# -- loading ----------------------------------------------------------------------------------------------------------


def _check_names(schema: Mapping[str, Any], look: Acceptance) -> None:
    found = list(drawing.paths(schema))
    if len(found) > MAX_FIELDS:
        look.refuse("", f"字段超过 {MAX_FIELDS} 个", f"more than {MAX_FIELDS} fields")
    for path, inner in found:
        if "x-gz-value" in inner and "default" in inner:
            look.refuse(path, "计算字段不能有默认值", "a calculated field takes no default")


def _expression(text: Any, where: str, look: Acceptance) -> Expression | None:
    try:
        return compile(text)
    except ExpressionError as error:
        look.problems.append((where, error.text))
        return None


def _calculations(schema: Mapping[str, Any], look: Acceptance) -> dict[str, Calculation]:
    """Calculated fields of the form itself, each after those it needs."""
    fields = schema["properties"]
    for path, inner in drawing.paths(schema):
        if "x-gz-value" in inner and (found := _expression(inner["x-gz-value"], path, look)) and "." in path:
            for name in found.names & fields.keys():
                if "x-gz-value" in fields[name]:
                    look.refuse(
                        path,
                        f"行内计算不能用表头的计算字段 {name}",
                        f"a row cannot calculate with {name}, which is itself calculated",
                    )
    if "x-gz-value" in schema or look.problems:
        if "x-gz-value" in schema:
            look.refuse("", "表单本身不能是计算值", "the form itself cannot be calculated")
        return {}
    pending = {name: Calculation(inner) for name, inner in fields.items() if "x-gz-value" in inner}
    ordered: dict[str, Calculation] = {}
    while pending:
        ready = [n for n, c in pending.items() if not c.expression.names & pending.keys()]
        if not ready:
            look.refuse(", ".join(pending), "计算字段互相依赖", "these calculated fields need each other")
            break
        for name in ready:
            ordered[name] = pending.pop(name)
    return ordered


def _rules(schema: Mapping[str, Any], look: Acceptance) -> tuple[Rule, ...]:
    written = schema.get("x-gz-rules", [])
    if not isinstance(written, list) or len(written) > MAX_RULES:
        look.refuse("x-gz-rules", f"应为不超过 {MAX_RULES} 条的列表", f"must be a list of at most {MAX_RULES} rules")
        return ()
    rules = []
    for n, each in enumerate(written):
        where = f"x-gz-rules[{n}]"
        message = text_of(each.get("message")) if isinstance(each, Mapping) else None
        if message is None or not {"then", "message", "field"} <= each.keys() <= {"when", "then", "message", "field"}:
            look.refuse(
                where,
                "规则应有 then、message、field,可有 when",
                "a rule has then, message and field, and may have when",
            )
            continue
        if each["field"] not in schema["properties"]:
            look.refuse(where, f"没有字段 {each['field']!s:.60}", f"there is no field {each['field']!s:.60}")
        when = _expression(each["when"], f"{where}.when", look) if "when" in each else None
        then = _expression(each["then"], f"{where}.then", look)
        if then is not None:
            rules.append(Rule(when, then, message, str(each["field"])))
    return tuple(rules)

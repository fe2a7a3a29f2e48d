"""What a person reads beside a field, for every keyword a schema can fail on. No English of a library gets out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from ..text import Text

REQUIRED = Text("请填写此项", "Please fill this in.")
UNKNOWN = Text("表单没有这一项", "The form has no such field.")
NOT_WRITABLE = Text("此项在本环节不能修改", "This field cannot be changed at this step.")
NOT_KNOWN = Text("没有找到，请重新选择", "This could not be found. Please choose again.")
NO_MATCH = Text("填写内容不符合要求", "This does not meet the requirements.")
FORBIDDEN = Text("此情形下不应填写此项", "Leave this empty in this case.")
TOO_DEEP = Text("内容嵌套过深", "This is nested too deep.")
UNSTORABLE = Text("含有不能保存的字符", "This holds characters that cannot be stored.")
TOO_LARGE = Text("表单内容过大", "The form holds too much.")

TYPES = {
    "string": Text("请填写文字", "Please enter text."),
    "integer": Text("请填写整数", "Please enter a whole number."),
    "number": Text("请填写数字", "Please enter a number."),
    "boolean": Text("请选择是或否", "Please choose yes or no."),
    "array": Text("请以列表填写", "Please enter a list."),
    "object": Text("请以记录填写", "Please enter a record."),
    "money": Text("请填写金额，最多两位小数", "Please enter an amount with at most two decimal places."),
    "date": Text("请填写日期，如 2026-03-01", "Please enter a date such as 2026-03-01."),
    "datetime": Text("请填写日期和时间，如 2026-03-01T09:00", "Please enter a date and time such as 2026-03-01T09:00."),
    "chinese-id": Text("身份证号码不正确，请核对", "This is not a valid identity card number. Please check it."),
    "credit-code": Text(
        "统一社会信用代码不正确，请核对", "This is not a valid unified social credit code. Please check it."
    ),
    "file": Text("请上传附件", "Please attach a file."),
    "reference": Text("请从列表中选择", "Please choose from the list."),
    "email": Text("请填写电子邮箱", "Please enter an e-mail address."),
    "phone": Text("请填写电话号码", "Please enter a telephone number."),
}


def _plain(value: Any) -> str:
    return (
        format(value, "f")
        if isinstance(value, Decimal)
        else value.isoformat()
        if isinstance(value, date)
        else str(value)
    )


def message(keyword: str | None, limit: Any, schema: Mapping[str, Any] | bool = True) -> Text:
    """The sentence for ``keyword`` with its value ``limit``; ``x-gz-message`` of the schema comes before it."""
    if isinstance(schema, Mapping) and (own := schema.get("x-gz-message")):
        return Text(own["zh"], own["en"])
    if keyword is None or (keyword == "not" and limit == {}):
        return FORBIDDEN
    if keyword in ("required", "dependentRequired"):
        return REQUIRED
    if keyword == "type":
        return TYPES.get(limit if isinstance(limit, str) else "", NO_MATCH)
    pattern = _LIMITS.get(keyword)
    if pattern is None:
        return NO_MATCH
    if keyword in ("minItems", "minLength") and limit == 1:
        return REQUIRED
    return pattern.format(limit=_plain(limit))


_LIMITS = {
    "minLength": Text("至少 {limit} 个字", "At least {limit} characters."),
    "maxLength": Text("最多 {limit} 个字", "At most {limit} characters."),
    "minimum": Text("不能小于 {limit}", "Must be at least {limit}."),
    "maximum": Text("不能大于 {limit}", "Must be at most {limit}."),
    "exclusiveMinimum": Text("必须大于 {limit}", "Must be more than {limit}."),
    "exclusiveMaximum": Text("必须小于 {limit}", "Must be less than {limit}."),
    "multipleOf": Text("必须是 {limit} 的倍数", "Must be a multiple of {limit}."),
    "minItems": Text("至少 {limit} 项", "At least {limit} entries."),
    "maxItems": Text("最多 {limit} 项", "At most {limit} entries."),
    "minContains": Text("符合要求的不足 {limit} 项", "At least {limit} entries must meet the requirements."),
    "maxContains": Text("符合要求的超过 {limit} 项", "At most {limit} entries may meet the requirements."),
    "pattern": Text("格式不符合要求", "This is not in the required format."),
    "enum": Text("请从给出的选项中选择", "Please choose one of the options."),
    "const": Text("必须为 {limit}", "Must be {limit}."),
    "uniqueItems": Text("有重复项", "There are repeated entries."),
    "contains": Text("缺少符合要求的一项", "An entry that meets the requirements is missing."),
    "oneOf": Text("只能符合其中一种要求", "Exactly one of the possible forms must fit."),
    "not": Text("此情形下不允许这样填写", "This is not allowed in this case."),
}

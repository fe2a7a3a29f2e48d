"""Forms: JSON Schema beside the diagram, drawn by the pages, judged here (see ``form.Form.validate``)."""

from __future__ import annotations

from .fields import Field, Option
from .form import Form, Rule
from .post import read_post
from .schema import FormError

__all__ = ["Field", "Form", "FormError", "Option", "Rule", "read_post"]

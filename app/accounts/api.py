"""The API's way in: tokens, and who one is."""
from __future__ import annotations

from typing import Any

from flask import request
from flask.views import MethodView
from flask_login import current_user

from ..api.doors import Blueprint
from ..extensions import limiter
from ..organisation import queries as organisation
from ..permission import needs
from ..registers import today
from . import actions, queries
from .schemas import MeSchema, SignInSchema, TokenSchema

blueprint = Blueprint("accounts_api", __name__, description="Who is asking")


@blueprint.route("/tokens")
class Tokens(MethodView):
    decorators = [limiter.limit("30 per minute"), needs("public")]

    @blueprint.arguments(SignInSchema)
    @blueprint.response(201, TokenSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """A token for a username and password. It is shown once."""
        account = actions.sign_in(given["username"], given["password"], address=request.remote_addr)
        issued = actions.issue_token(
            account.id, label=given["label"], days=given["days"],
            actor=queries.actor_for(account, address=request.remote_addr),
        )
        return {"token": issued.secret, "id": issued.id}


@blueprint.route("/me")
class Me(MethodView):
    decorators = [needs("signed in")]

    @blueprint.response(200, MeSchema)
    def get(self) -> dict[str, Any]:
        """Who the token belongs to, and the posts they hold today."""
        held = organisation.posts_of(current_user.person_id, today())
        return {
            "username": current_user.username, "person": current_user.person_id, "name": current_user.name,
            "role": str(current_user.role) if current_user.role else None,
            "posts": [{"code": h.post.code, "department": h.department.code if h.department else None} for h in held],
        }

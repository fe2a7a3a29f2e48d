"""The store as it first was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

#: What keeps the trail insert-only, as of this revision.
GUARDS = {
    "sqlite": (
        "CREATE TRIGGER entry_pending AFTER INSERT ON entry BEGIN INSERT INTO pending (entry_id) VALUES (NEW.id); END",
        "CREATE TRIGGER entry_no_replace BEFORE INSERT ON entry WHEN EXISTS (SELECT 1 FROM entry WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM entry WHERE subject = NEW.subject AND seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'entries are never replaced'); END",
        "CREATE TRIGGER leaf_no_replace BEFORE INSERT ON leaf WHEN EXISTS (SELECT 1 FROM leaf WHERE idx = NEW.idx) OR EXISTS (SELECT 1 FROM leaf WHERE entry_id = NEW.entry_id) BEGIN SELECT RAISE(ABORT, 'the log is never replaced'); END",
        "CREATE TRIGGER log_node_no_replace BEFORE INSERT ON log_node WHEN EXISTS (SELECT 1 FROM log_node WHERE level = NEW.level AND idx = NEW.idx) BEGIN SELECT RAISE(ABORT, 'the log is never replaced'); END",
        "CREATE TRIGGER checkpoint_no_replace BEFORE INSERT ON checkpoint WHEN EXISTS (SELECT 1 FROM checkpoint WHERE size = NEW.size) BEGIN SELECT RAISE(ABORT, 'checkpoints are never replaced'); END",
        "CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'entries are never updated'); END",
        "CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END",
        "CREATE TRIGGER leaf_no_update BEFORE UPDATE ON leaf BEGIN SELECT RAISE(ABORT, 'the log is never updated'); END",
        "CREATE TRIGGER leaf_no_delete BEFORE DELETE ON leaf BEGIN SELECT RAISE(ABORT, 'the log is never deleted'); END",
        "CREATE TRIGGER log_node_no_update BEFORE UPDATE ON log_node BEGIN SELECT RAISE(ABORT, 'the log is never updated'); END",
        "CREATE TRIGGER log_node_no_delete BEFORE DELETE ON log_node BEGIN SELECT RAISE(ABORT, 'the log is never deleted'); END",
        "CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON checkpoint BEGIN SELECT RAISE(ABORT, 'checkpoints are never updated'); END",
        "CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint BEGIN SELECT RAISE(ABORT, 'checkpoints are never deleted'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION entry_pending() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO pending (entry_id) VALUES (NEW.id); RETURN NULL; END $$",
        "CREATE TRIGGER entry_pending AFTER INSERT ON entry FOR EACH ROW EXECUTE FUNCTION entry_pending()",
        "CREATE OR REPLACE FUNCTION never_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the trail is never changed'; END $$",
        "CREATE TRIGGER entry_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON entry FOR EACH STATEMENT EXECUTE FUNCTION never_changed()",
        "CREATE TRIGGER leaf_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON leaf FOR EACH STATEMENT EXECUTE FUNCTION never_changed()",
        "CREATE TRIGGER log_node_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON log_node FOR EACH STATEMENT EXECUTE FUNCTION never_changed()",
        "CREATE TRIGGER checkpoint_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint FOR EACH STATEMENT EXECUTE FUNCTION never_changed()",
    ),
}


def upgrade() -> None:
    op.create_table(
        "budget_item",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("zh", sa.String(length=100), nullable=False),
        sa.Column("en", sa.String(length=100), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", "year", name=op.f("pk_budget_item")),
    )
    op.create_table(
        "calendar_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_day")),
    )
    op.create_table(
        "case_number",
        sa.Column("matter", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("matter", "year", name=op.f("pk_case_number")),
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_checkpoint")),
    )
    op.create_table(
        "department",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("zh", sa.String(length=60), nullable=False),
        sa.Column("en", sa.String(length=100), nullable=False),
        sa.Column("parent_code", sa.String(length=20), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["parent_code"], ["department.code"], name=op.f("fk_department_parent_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_department")),
    )
    op.create_table(
        "entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("prev", sa.LargeBinary(length=32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(length=60), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("node", sa.String(length=200), nullable=True),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint("subject", "seq", name=op.f("uq_entry_subject_seq")),
    )
    op.create_index("ix_entry_at", "entry", ["at"], unique=False)
    op.create_index(
        "ix_entry_person_id",
        "entry",
        ["person_id"],
        unique=False,
        sqlite_where=sa.text("person_id IS NOT NULL"),
        postgresql_where=sa.text("person_id IS NOT NULL"),
    )
    op.create_table(
        "log_node",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("level", "idx", name=op.f("pk_log_node")),
    )
    op.create_table(
        "parameter",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("title_zh", sa.String(length=100), nullable=False),
        sa.Column("title_en", sa.String(length=200), nullable=False),
        sa.Column("basis_zh", sa.String(length=300), nullable=False),
        sa.Column("basis_en", sa.String(length=500), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_parameter_dates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parameter")),
        sa.UniqueConstraint("code", "valid_from", name=op.f("uq_parameter_code_valid_from")),
    )
    op.create_table(
        "party",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("organisation", "household", "individual", name="partykind", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=True),
        sa.Column("id_number", sa.String(length=18), nullable=True),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("district", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party")),
        sa.UniqueConstraint("credit_code", name=op.f("uq_party_credit_code")),
        sa.UniqueConstraint("id_number", name=op.f("uq_party_id_number")),
    )
    op.create_index(op.f("ix_party_district"), "party", ["district"], unique=False)
    op.create_index(op.f("ix_party_name"), "party", ["name"], unique=False)
    op.create_table(
        "recheck",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("office", sa.LargeBinary(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("taken_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recheck")),
    )
    op.create_table(
        "separation_review",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_separation_review")),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_failure")),
    )
    op.create_index(op.f("ix_sign_in_failure_last_at"), "sign_in_failure", ["last_at"], unique=False)
    op.create_table(
        "subject_head",
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("head", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_subject_head")),
    )
    op.create_table(
        "turn",
        sa.Column("place", sa.String(length=500), nullable=False),
        sa.Column("waiting", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_turn")),
    )
    op.create_table(
        "work_setting",
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("ordering", sa.String(length=20), nullable=True),
        sa.Column("chained", sa.Boolean(), nullable=False),
        sa.Column("piled", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_work_setting")),
    )
    op.create_table(
        "leaf",
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_leaf_entry_id")),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_leaf")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_leaf_entry_id")),
    )
    op.create_table(
        "pending",
        sa.Column(
            "entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_pending_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_pending")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("romanised", sa.String(length=80), nullable=False),
        sa.Column("department_code", sa.String(length=20), nullable=False),
        sa.Column("certificate_until", sa.Date(), nullable=True),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.Column("retired_on", sa.Date(), nullable=True),
        sa.Column("identity", sa.LargeBinary(length=32), nullable=True),
        sa.Column("merged_into_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["department_code"], ["department.code"], name=op.f("fk_person_department_code")),
        sa.ForeignKeyConstraint(["merged_into_id"], ["person.id"], name=op.f("fk_person_merged_into_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("identity", name=op.f("uq_person_identity")),
        sa.UniqueConstraint("number", name=op.f("uq_person_number")),
    )
    op.create_index(op.f("ix_person_department_code"), "person", ["department_code"], unique=False)
    op.create_index(op.f("ix_person_merged_into_id"), "person", ["merged_into_id"], unique=False)
    op.create_index(op.f("ix_person_name"), "person", ["name"], unique=False)
    op.create_index(op.f("ix_person_romanised"), "person", ["romanised"], unique=False)
    op.create_table(
        "post",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("zh", sa.String(length=60), nullable=False),
        sa.Column("en", sa.String(length=100), nullable=False),
        sa.Column("department_code", sa.String(length=20), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "leadership",
                "collective",
                "business",
                "supervision",
                "administration",
                "general",
                "external",
                "machine",
                name="postkind",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("level", sa.Integer(), server_default="0", nullable=False),
        sa.Column("domain", sa.String(length=100), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["department_code"], ["department.code"], name=op.f("fk_post_department_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_post")),
    )
    op.create_index(op.f("ix_post_department_code"), "post", ["department_code"], unique=False)
    op.create_table(
        "absence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_absence_dates")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_absence_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index(op.f("ix_absence_person_id"), "absence", ["person_id"], unique=False)
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "none",
                "system_admin",
                "security_admin",
                "audit_admin",
                name="administrator",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("person_id", name=op.f("uq_account_person_id")),
        sa.UniqueConstraint("username", name=op.f("uq_account_username")),
    )
    op.create_table(
        "appointment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("post_code", sa.String(length=20), nullable=False),
        sa.Column("department_code", sa.String(length=20), nullable=False),
        sa.Column("role", sa.Enum("A", "B", "acting", name="role", native_enum=False, length=20), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_appointment_dates")),
        sa.ForeignKeyConstraint(["department_code"], ["department.code"], name=op.f("fk_appointment_department_code")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_appointment_person_id")),
        sa.ForeignKeyConstraint(["post_code"], ["post.code"], name=op.f("fk_appointment_post_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
    )
    op.create_index("ix_appointment_dates", "appointment", ["since", "until"], unique=False)
    op.create_index(op.f("ix_appointment_department_code"), "appointment", ["department_code"], unique=False)
    op.create_index(op.f("ix_appointment_person_id"), "appointment", ["person_id"], unique=False)
    op.create_index(op.f("ix_appointment_post_code"), "appointment", ["post_code"], unique=False)
    op.create_table(
        "capability",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_capability_dates")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_capability_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capability")),
    )
    op.create_index(op.f("ix_capability_name"), "capability", ["name"], unique=False)
    op.create_index(op.f("ix_capability_person_id"), "capability", ["person_id"], unique=False)
    op.create_table(
        "definition",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("matter", sa.String(length=40), nullable=False),
        sa.Column("area", sa.String(length=40), nullable=False),
        sa.Column("zh", sa.String(length=200), nullable=False),
        sa.Column("en", sa.String(length=200), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("forms", sa.Text(), nullable=False),
        sa.Column("decisions", sa.Text(), nullable=False),
        sa.Column("posts", sa.Text(), nullable=False),
        sa.Column("based_on", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("deployed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("deployed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["activated_by"], ["person.id"], name=op.f("fk_definition_activated_by")),
        sa.ForeignKeyConstraint(["based_on"], ["definition.id"], name=op.f("fk_definition_based_on")),
        sa.ForeignKeyConstraint(["deployed_by"], ["person.id"], name=op.f("fk_definition_deployed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_definition")),
        sa.UniqueConstraint("key", "digest", name=op.f("uq_definition_key_digest")),
        sa.UniqueConstraint("key", "version", name=op.f("uq_definition_key_version")),
    )
    op.create_index(op.f("ix_definition_matter"), "definition", ["matter"], unique=False)
    op.create_table(
        "duty",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("post_code", sa.String(length=20), nullable=False),
        sa.Column("zh", sa.String(length=300), nullable=False),
        sa.Column("en", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["post_code"], ["post.code"], name=op.f("fk_duty_post_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
    )
    op.create_index(op.f("ix_duty_post_code"), "duty", ["post_code"], unique=False)
    op.create_table(
        "incompatible",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("post_code", sa.String(length=20), nullable=False),
        sa.Column("other", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.Enum("person", "case", name="scope", native_enum=False, length=20), nullable=False),
        sa.Column("basis", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["post_code"], ["post.code"], name=op.f("fk_incompatible_post_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incompatible")),
        sa.UniqueConstraint("post_code", "other", name=op.f("uq_incompatible_post_code_other")),
    )
    op.create_table(
        "interest",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("party_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("declared_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column(
            "source",
            sa.Enum("declared", "found", "requested", name="source", native_enum=False, length=20),
            server_default="declared",
            nullable=False,
        ),
        sa.Column(
            "standing",
            sa.Enum("undecided", "effective", "refused", name="standing", native_enum=False, length=20),
            server_default="effective",
            nullable=False,
        ),
        sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.String(length=300), server_default="", nullable=False),
        sa.Column("decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decision", sa.String(length=300), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_interest_decided_by")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_interest_party_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_interest_person_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_interest_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interest")),
    )
    op.create_index(op.f("ix_interest_party_id"), "interest", ["party_id"], unique=False)
    op.create_index(op.f("ix_interest_person_id"), "interest", ["person_id"], unique=False)
    op.create_table(
        "kinship",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("other_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "relation",
            sa.Enum("spouse", "direct", "collateral", "affinity", name="relation", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("declared_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column(
            "source",
            sa.Enum("declared", "found", "requested", name="source", native_enum=False, length=20),
            server_default="declared",
            nullable=False,
        ),
        sa.Column(
            "standing",
            sa.Enum("undecided", "effective", "refused", name="standing", native_enum=False, length=20),
            server_default="effective",
            nullable=False,
        ),
        sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.String(length=300), server_default="", nullable=False),
        sa.Column("decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decision", sa.String(length=300), server_default="", nullable=False),
        sa.CheckConstraint("person_id < other_id", name=op.f("ck_kinship_order")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_kinship_decided_by")),
        sa.ForeignKeyConstraint(["other_id"], ["person.id"], name=op.f("fk_kinship_other_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_kinship_person_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_kinship_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kinship")),
    )
    op.create_index(op.f("ix_kinship_other_id"), "kinship", ["other_id"], unique=False)
    op.create_index("ix_kinship_people", "kinship", ["person_id", "other_id"], unique=False)
    op.create_table(
        "proxy",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("principal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delegate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("posts", sa.Text(), nullable=True),
        sa.Column("processes", sa.Text(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.CheckConstraint("until >= since", name=op.f("ck_proxy_dates")),
        sa.ForeignKeyConstraint(["delegate_id"], ["person.id"], name=op.f("fk_proxy_delegate_id")),
        sa.ForeignKeyConstraint(["principal_id"], ["person.id"], name=op.f("fk_proxy_principal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proxy")),
    )
    op.create_index("ix_proxy_dates", "proxy", ["since", "until"], unique=False)
    op.create_index(op.f("ix_proxy_delegate_id"), "proxy", ["delegate_id"], unique=False)
    op.create_index(op.f("ix_proxy_principal_id"), "proxy", ["principal_id"], unique=False)
    op.create_table(
        "api_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_api_token_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_token_hash")),
    )
    op.create_index(op.f("ix_api_token_account_id"), "api_token", ["account_id"], unique=False)
    op.create_table(
        "case",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("definition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("business_key", sa.String(length=120), nullable=True),
        sa.Column("party", sa.String(length=60), nullable=True),
        sa.Column("initiator_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("initiator_department", sa.String(length=40), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("acts", sa.Text(), nullable=False),
        sa.Column("trail_seq", sa.Integer(), nullable=False),
        sa.Column("trail_head", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["definition_id"], ["definition.id"], name=op.f("fk_case_definition_id")),
        sa.ForeignKeyConstraint(["initiator_id"], ["person.id"], name=op.f("fk_case_initiator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
        sa.UniqueConstraint("number", name=op.f("uq_case_number")),
    )
    op.create_index(op.f("ix_case_business_key"), "case", ["business_key"], unique=False)
    op.create_index(op.f("ix_case_definition_id"), "case", ["definition_id"], unique=False)
    op.create_index(op.f("ix_case_initiator_id"), "case", ["initiator_id"], unique=False)
    op.create_index(op.f("ix_case_party"), "case", ["party"], unique=False)
    op.create_index(op.f("ix_case_status"), "case", ["status"], unique=False)
    op.create_table(
        "asset",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("department", sa.String(length=40), nullable=True),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_asset_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset")),
        sa.UniqueConstraint("key", name=op.f("uq_asset_key")),
        sa.UniqueConstraint("label", name=op.f("uq_asset_label")),
    )
    op.create_index(op.f("ix_asset_case_id"), "asset", ["case_id"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("uploaded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_attachment_case_id")),
        sa.ForeignKeyConstraint(["uploaded_by"], ["person.id"], name=op.f("fk_attachment_uploaded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index(op.f("ix_attachment_case_id"), "attachment", ["case_id"], unique=False)
    op.create_index(op.f("ix_attachment_sha256"), "attachment", ["sha256"], unique=False)
    op.create_index(op.f("ix_attachment_uploaded_by"), "attachment", ["uploaded_by"], unique=False)
    op.create_table(
        "budget_reservation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_budget_reservation_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_reservation")),
        sa.UniqueConstraint("key", name=op.f("uq_budget_reservation_key")),
    )
    op.create_index(op.f("ix_budget_reservation_case_id"), "budget_reservation", ["case_id"], unique=False)
    op.create_table(
        "case_timer",
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("node", sa.String(length=200), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_timer_case_id")),
        sa.PrimaryKeyConstraint("case_id", "token", name=op.f("pk_case_timer")),
    )
    op.create_index(op.f("ix_case_timer_due_at"), "case_timer", ["due_at"], unique=False)
    op.create_table(
        "finding",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=120), nullable=False),
        sa.Column("basis", sa.String(length=300), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("acts", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("explained_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("explained_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_finding_case_id")),
        sa.ForeignKeyConstraint(["explained_by"], ["person.id"], name=op.f("fk_finding_explained_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_finding_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
        sa.UniqueConstraint("key", name=op.f("uq_finding_key")),
    )
    op.create_index(op.f("ix_finding_case_id"), "finding", ["case_id"], unique=False)
    op.create_index(op.f("ix_finding_state"), "finding", ["state"], unique=False)
    op.create_table(
        "invoice",
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_invoice_case_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_invoice")),
        sa.UniqueConstraint("number", "case_id", name=op.f("uq_invoice_number_case_id")),
    )
    op.create_index(op.f("ix_invoice_case_id"), "invoice", ["case_id"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token", sa.Integer(), nullable=True),
        sa.Column("node", sa.String(length=200), nullable=False),
        sa.Column("handler", sa.String(length=120), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_job_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("case_id", "token", name=op.f("uq_job_case_id_token")),
    )
    op.create_index(op.f("ix_job_case_id"), "job", ["case_id"], unique=False)
    op.create_index("ix_job_due", "job", ["state", "next_at"], unique=False)
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_notice_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notice_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_notice_key")),
    )
    op.create_index(op.f("ix_notice_person_id"), "notice", ["person_id"], unique=False)
    op.create_table(
        "recusal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("standing", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("basis", sa.String(length=300), nullable=False),
        sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_recusal_case_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_recusal_decided_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_recusal_person_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_recusal_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recusal")),
    )
    op.create_index(op.f("ix_recusal_case_id"), "recusal", ["case_id"], unique=False)
    op.create_index(op.f("ix_recusal_person_id"), "recusal", ["person_id"], unique=False)
    op.create_table(
        "stalled",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("nodes", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("remedies", sa.Text(), nullable=False),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_stalled_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stalled")),
    )
    op.create_index(op.f("ix_stalled_case_id"), "stalled", ["case_id"], unique=False)
    op.create_index(
        "ix_stalled_now",
        "stalled",
        ["case_id"],
        unique=True,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "subscription",
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("node", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_subscription_case_id")),
        sa.PrimaryKeyConstraint("case_id", "token", name=op.f("pk_subscription")),
    )
    op.create_index("ix_subscription_name", "subscription", ["kind", "name"], unique=False)
    op.create_table(
        "work_item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("post", sa.String(length=40), nullable=False),
        sa.Column("department", sa.String(length=40), nullable=True),
        sa.Column("assignee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("on_behalf_of_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("signing", sa.String(length=20), nullable=True),
        sa.Column("offered_to_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("allocated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_published", sa.Boolean(), nullable=False),
        sa.Column("escalates", sa.Boolean(), nullable=False),
        sa.Column("risk", sa.String(length=10), nullable=True),
        sa.Column("draft", sa.Text(), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("opinion", sa.Text(), nullable=True),
        sa.Column("answers", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_work_item_assignee_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_work_item_case_id")),
        sa.ForeignKeyConstraint(["offered_to_id"], ["person.id"], name=op.f("fk_work_item_offered_to_id")),
        sa.ForeignKeyConstraint(["on_behalf_of_id"], ["person.id"], name=op.f("fk_work_item_on_behalf_of_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["work_item.id"], name=op.f("fk_work_item_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_item")),
        sa.UniqueConstraint("case_id", "token", name=op.f("uq_work_item_case_id_token")),
    )
    op.create_index(
        "ix_work_item_done",
        "work_item",
        ["assignee_id"],
        unique=False,
        sqlite_where=sa.text("state IN ('completed', 'returned')"),
        postgresql_where=sa.text("state IN ('completed', 'returned')"),
    )
    op.create_index(
        "ix_work_item_escalates",
        "work_item",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("escalates AND state IN ('offered', 'allocated')"),
        postgresql_where=sa.text("escalates AND state IN ('offered', 'allocated')"),
    )
    op.create_index(
        "ix_work_item_experience",
        "work_item",
        ["node", "assignee_id"],
        unique=False,
        sqlite_where=sa.text("state IN ('completed', 'returned')"),
        postgresql_where=sa.text("state IN ('completed', 'returned')"),
    )
    op.create_index(
        "ix_work_item_held",
        "work_item",
        ["assignee_id"],
        unique=False,
        sqlite_where=sa.text("state = 'allocated'"),
        postgresql_where=sa.text("state = 'allocated'"),
    )
    op.create_index(
        "ix_work_item_held_back",
        "work_item",
        ["post"],
        unique=False,
        sqlite_where=sa.text("state = 'created'"),
        postgresql_where=sa.text("state = 'created'"),
    )
    op.create_index(
        "ix_work_item_offered",
        "work_item",
        ["post", "department"],
        unique=False,
        sqlite_where=sa.text("state = 'offered'"),
        postgresql_where=sa.text("state = 'offered'"),
    )
    op.create_index(
        "ix_work_item_offered_to",
        "work_item",
        ["offered_to_id"],
        unique=False,
        sqlite_where=sa.text("offered_to_id IS NOT NULL AND state = 'offered'"),
        postgresql_where=sa.text("offered_to_id IS NOT NULL AND state = 'offered'"),
    )
    op.create_index(
        "ix_work_item_parent",
        "work_item",
        ["parent_id"],
        unique=False,
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_table(
        "dual_control",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_role", sa.String(length=20), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declined_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_dual_control_asked_by")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_dual_control_case_id")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["person.id"], name=op.f("fk_dual_control_confirmed_by")),
        sa.ForeignKeyConstraint(["declined_by"], ["person.id"], name=op.f("fk_dual_control_declined_by")),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_dual_control_item_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_dual_control_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dual_control")),
    )
    op.create_index(op.f("ix_dual_control_case_id"), "dual_control", ["case_id"], unique=False)
    op.create_index(op.f("ix_dual_control_item_id"), "dual_control", ["item_id"], unique=False)
    op.create_table(
        "session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("node", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("convenor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("chair_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("members", sa.Text(), nullable=False),
        sa.Column("entitled", sa.Text(), nullable=False),
        sa.Column("barred", sa.Text(), nullable=False),
        sa.Column("present", sa.Text(), nullable=False),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("chair_last", sa.Boolean(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("convened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("minutes", sa.Text(), nullable=True),
        sa.Column("files", sa.Text(), nullable=True),
        sa.Column("carried", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_session_case_id")),
        sa.ForeignKeyConstraint(["chair_id"], ["person.id"], name=op.f("fk_session_chair_id")),
        sa.ForeignKeyConstraint(["convenor_id"], ["person.id"], name=op.f("fk_session_convenor_id")),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_session_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_case_id"), "session", ["case_id"], unique=False)
    op.create_index(op.f("ix_session_item_id"), "session", ["item_id"], unique=False)
    op.create_index(
        "ix_session_open",
        "session",
        ["item_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "vote",
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("choice", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_vote_person_id")),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_vote_session_id")),
        sa.PrimaryKeyConstraint("session_id", "person_id", name=op.f("pk_vote")),
    )
    op.create_index(op.f("ix_vote_person_id"), "vote", ["person_id"], unique=False)

    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_index(op.f("ix_vote_person_id"), table_name="vote")
    op.drop_table("vote")
    op.drop_index(
        "ix_session_open",
        table_name="session",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index(op.f("ix_session_item_id"), table_name="session")
    op.drop_index(op.f("ix_session_case_id"), table_name="session")
    op.drop_table("session")
    op.drop_index(op.f("ix_dual_control_item_id"), table_name="dual_control")
    op.drop_index(op.f("ix_dual_control_case_id"), table_name="dual_control")
    op.drop_table("dual_control")
    op.drop_index(
        "ix_work_item_parent",
        table_name="work_item",
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_work_item_offered_to",
        table_name="work_item",
        sqlite_where=sa.text("offered_to_id IS NOT NULL AND state = 'offered'"),
        postgresql_where=sa.text("offered_to_id IS NOT NULL AND state = 'offered'"),
    )
    op.drop_index(
        "ix_work_item_offered",
        table_name="work_item",
        sqlite_where=sa.text("state = 'offered'"),
        postgresql_where=sa.text("state = 'offered'"),
    )
    op.drop_index(
        "ix_work_item_held_back",
        table_name="work_item",
        sqlite_where=sa.text("state = 'created'"),
        postgresql_where=sa.text("state = 'created'"),
    )
    op.drop_index(
        "ix_work_item_held",
        table_name="work_item",
        sqlite_where=sa.text("state = 'allocated'"),
        postgresql_where=sa.text("state = 'allocated'"),
    )
    op.drop_index(
        "ix_work_item_experience",
        table_name="work_item",
        sqlite_where=sa.text("state IN ('completed', 'returned')"),
        postgresql_where=sa.text("state IN ('completed', 'returned')"),
    )
    op.drop_index(
        "ix_work_item_escalates",
        table_name="work_item",
        sqlite_where=sa.text("escalates AND state IN ('offered', 'allocated')"),
        postgresql_where=sa.text("escalates AND state IN ('offered', 'allocated')"),
    )
    op.drop_index(
        "ix_work_item_done",
        table_name="work_item",
        sqlite_where=sa.text("state IN ('completed', 'returned')"),
        postgresql_where=sa.text("state IN ('completed', 'returned')"),
    )
    op.drop_table("work_item")
    op.drop_index("ix_subscription_name", table_name="subscription")
    op.drop_table("subscription")
    op.drop_index(
        "ix_stalled_now",
        table_name="stalled",
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.drop_index(op.f("ix_stalled_case_id"), table_name="stalled")
    op.drop_table("stalled")
    op.drop_index(op.f("ix_recusal_person_id"), table_name="recusal")
    op.drop_index(op.f("ix_recusal_case_id"), table_name="recusal")
    op.drop_table("recusal")
    op.drop_index(op.f("ix_notice_person_id"), table_name="notice")
    op.drop_table("notice")
    op.drop_index("ix_job_due", table_name="job")
    op.drop_index(op.f("ix_job_case_id"), table_name="job")
    op.drop_table("job")
    op.drop_index(op.f("ix_invoice_case_id"), table_name="invoice")
    op.drop_table("invoice")
    op.drop_index(op.f("ix_finding_state"), table_name="finding")
    op.drop_index(op.f("ix_finding_case_id"), table_name="finding")
    op.drop_table("finding")
    op.drop_index(op.f("ix_case_timer_due_at"), table_name="case_timer")
    op.drop_table("case_timer")
    op.drop_index(op.f("ix_budget_reservation_case_id"), table_name="budget_reservation")
    op.drop_table("budget_reservation")
    op.drop_index(op.f("ix_attachment_uploaded_by"), table_name="attachment")
    op.drop_index(op.f("ix_attachment_sha256"), table_name="attachment")
    op.drop_index(op.f("ix_attachment_case_id"), table_name="attachment")
    op.drop_table("attachment")
    op.drop_index(op.f("ix_asset_case_id"), table_name="asset")
    op.drop_table("asset")
    op.drop_index(op.f("ix_case_status"), table_name="case")
    op.drop_index(op.f("ix_case_party"), table_name="case")
    op.drop_index(op.f("ix_case_initiator_id"), table_name="case")
    op.drop_index(op.f("ix_case_definition_id"), table_name="case")
    op.drop_index(op.f("ix_case_business_key"), table_name="case")
    op.drop_table("case")
    op.drop_index(op.f("ix_api_token_account_id"), table_name="api_token")
    op.drop_table("api_token")
    op.drop_index(op.f("ix_proxy_principal_id"), table_name="proxy")
    op.drop_index(op.f("ix_proxy_delegate_id"), table_name="proxy")
    op.drop_index("ix_proxy_dates", table_name="proxy")
    op.drop_table("proxy")
    op.drop_index("ix_kinship_people", table_name="kinship")
    op.drop_index(op.f("ix_kinship_other_id"), table_name="kinship")
    op.drop_table("kinship")
    op.drop_index(op.f("ix_interest_person_id"), table_name="interest")
    op.drop_index(op.f("ix_interest_party_id"), table_name="interest")
    op.drop_table("interest")
    op.drop_table("incompatible")
    op.drop_index(op.f("ix_duty_post_code"), table_name="duty")
    op.drop_table("duty")
    op.drop_index(op.f("ix_definition_matter"), table_name="definition")
    op.drop_table("definition")
    op.drop_index(op.f("ix_capability_person_id"), table_name="capability")
    op.drop_index(op.f("ix_capability_name"), table_name="capability")
    op.drop_table("capability")
    op.drop_index(op.f("ix_appointment_post_code"), table_name="appointment")
    op.drop_index(op.f("ix_appointment_person_id"), table_name="appointment")
    op.drop_index(op.f("ix_appointment_department_code"), table_name="appointment")
    op.drop_index("ix_appointment_dates", table_name="appointment")
    op.drop_table("appointment")
    op.drop_table("account")
    op.drop_index(op.f("ix_absence_person_id"), table_name="absence")
    op.drop_table("absence")
    op.drop_index(op.f("ix_post_department_code"), table_name="post")
    op.drop_table("post")
    op.drop_index(op.f("ix_person_romanised"), table_name="person")
    op.drop_index(op.f("ix_person_name"), table_name="person")
    op.drop_index(op.f("ix_person_merged_into_id"), table_name="person")
    op.drop_index(op.f("ix_person_department_code"), table_name="person")
    op.drop_table("person")
    op.drop_table("pending")
    op.drop_table("leaf")
    op.drop_table("work_setting")
    op.drop_table("turn")
    op.drop_table("subject_head")
    op.drop_index(op.f("ix_sign_in_failure_last_at"), table_name="sign_in_failure")
    op.drop_table("sign_in_failure")
    op.drop_table("separation_review")
    op.drop_table("recheck")
    op.drop_index(op.f("ix_party_name"), table_name="party")
    op.drop_index(op.f("ix_party_district"), table_name="party")
    op.drop_table("party")
    op.drop_table("parameter")
    op.drop_table("log_node")
    op.drop_index(
        "ix_entry_person_id",
        table_name="entry",
        sqlite_where=sa.text("person_id IS NOT NULL"),
        postgresql_where=sa.text("person_id IS NOT NULL"),
    )
    op.drop_index("ix_entry_at", table_name="entry")
    op.drop_table("entry")
    op.drop_table("department")
    op.drop_table("checkpoint")
    op.drop_table("case_number")
    op.drop_table("calendar_day")
    op.drop_table("budget_item")

"""What a version means for the office as it is today: can it be worked, by which departments, and do its leaders decide
only what is theirs to decide (separation.md §5; domain.md §6.4)."""
from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ..kernel.bpmn.model import Finding
from ..kernel.separation import Objection, Resilience, Satisfiability, resilience, satisfiable
from ..kernel.text import Text
from ..organisation import queries as organisation
from ..organisation.models import PostKind
from ..registers import today
from .queries import Meaning


@dataclass(frozen=True)
class Analysis:
    """A version on one day.

    Attributes:
        workable: whether a case can be brought to its end whatever way it takes; if not, which steps and which rules
            stand in the way; and the departments that cannot start one.
        leaders: what stands against the leaders' portfolios today, where a leader acts in this process (LS-1 to LS-8).
    """

    meaning: Meaning
    workable: Satisfiability
    leaders: tuple[Objection, ...]

    @cached_property
    def resilience(self) -> Resilience:
        """How many absences it survives, and whose. Worked out when it is asked for: that takes some tenths of a
        second, which nobody should wait for who activates a version under the lock."""
        return resilience(self.meaning.rules, organisation.office(today()), sure=self.meaning.always)

    @property
    def findings(self) -> list[Finding]:
        """The same for a report. None is an error: the day may be another when it is activated."""
        found = []
        if not self.workable:
            why = self.workable.because or Text("无法确定", "it could not be decided")
            found.append(Finding("warning", "office.unworkable", next(iter(self.workable.nodes), None), Text(
                "以现有人员不能办完：{why}", "the people there are could not finish it: {why}").format(why=why)))
        elif self.workable.without:
            some = places(self.workable.without)
            found.append(Finding("warning", "office.without", None, Text(
                "这些部门以现有人员不能发起：{some}", "with the people there are, these departments cannot start it: {some}",
            ).format(some=some)))
        found += [
            Finding("warning", "office.leaders", None, Text("{because}({basis})", "{because} ({basis})").format(
                because=o.because, basis=o.basis)) for o in self.leaders
        ]
        return found


def analyse(meaning: Meaning) -> Analysis:
    """What a version means for the office today."""
    return Analysis(
        meaning, satisfiable(meaning.rules, organisation.office(today()), sure=meaning.always),
        organisation.in_order(today()) if _led(meaning) else (),
    )


def portfolios(meaning: Meaning) -> list[Finding]:
    """The steps at which a leader would alone decide what is not theirs to decide (LS-5, LS-6)."""
    decided = {node for rule in meaning.process.constraints if rule.kind == "collective" for node in rule.nodes}
    found = []
    for node in meaning.process.user_tasks.values():
        if node.post is None or not node.decisions or node.id in decided or node.post.code not in _posts():
            continue
        objection = organisation.may_decide(node.post.code, meaning.process.domain)
        if objection is not None:
            found.append(Finding("error", "post.portfolio", node.id, Text(
                "{because}({basis})", "{because} ({basis})").format(because=objection.because, basis=objection.basis),
                name=node.name, line=node.line))
    return found


def places(codes: tuple[str, ...]) -> Text:
    """Departments by name."""
    names = {place.department.code: place.department for place in organisation.departments(today())}
    zh = [names[code].zh if code in names else code for code in codes]
    en = [names[code].en if code in names else code for code in codes]
    return Text("、".join(zh), ", ".join(en))


def _posts() -> frozenset[str]:
    return frozenset(post.code for post in organisation.posts())


def _led(meaning: Meaning) -> bool:
    """Whether a leader acts in it."""
    leaders = {post.code for post in organisation.posts() if post.kind is PostKind.LEADERSHIP}
    return any(node.post is not None and node.post.code in leaders for node in meaning.process.user_tasks.values())

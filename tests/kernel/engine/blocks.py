"""Random block-structured diagrams: sequences, forks and joins of all kinds, choices, loops, sub-processes, instances."""
from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st

from app.kernel import engine

from .diagrams import both, boundary, end, flows, many, on, program, some, start, sub, task, user, xor

leaf = st.sampled_from(["user", "user", "user", "task", "many", "many-sequential", "guarded",
                        "noticed", "forked"])


def _grow(children: st.SearchStrategy) -> st.SearchStrategy:
    several = st.lists(children, min_size=2, max_size=3)
    return st.one_of(
        st.tuples(st.just("seq"), several), st.tuples(st.just("and"), several), st.tuples(st.just("or"), several),
        st.tuples(st.just("xor"), several), st.tuples(st.just("loop"), st.lists(children, min_size=1, max_size=1)),
        st.tuples(st.just("sub"), st.lists(children, min_size=1, max_size=1)),
        st.tuples(st.just("sub-many"), st.lists(children, min_size=1, max_size=1)))


block = st.recursive(leaf, _grow, max_leaves=9)


class Drawing:
    """Writes a block down as elements and flows."""

    def __init__(self) -> None:
        self.count = 0

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def draw(self, shape: object) -> tuple[str, str, str]:
        """(elements and flows, the node it begins with, the node it ends with)"""
        if isinstance(shape, str):
            return self.leaf(shape)
        kind, parts = shape
        if kind in ("sub", "sub-many"):
            name = self.name("sub")
            inside, first, last = self.draw(parts[0])
            s, e = self.name("start"), self.name("end")
            repeat = many(cardinality=2) if kind == "sub-many" else ""
            es, em, eu, ee = (self.name(n) for n in ("es", "em", "eu", "ee"))
            handler = sub(es, start(em, on("signal", "s_stop"), isInterrupting="false"), user(eu), end(ee),
                          flows(f"{em} -> {eu} -> {ee}"), by_event=True)
            return sub(name, start(s), end(e), inside, handler, flows(f"{s} -> {first}", f"{last} -> {e}"),
                       loop=repeat), name, name
        drawn = [self.draw(part) for part in parts]
        text = "".join(d[0] for d in drawn)
        if kind == "seq":
            joins = [f"{a[2]} -> {b[1]}" for a, b in pairwise(drawn)]
            return text + flows(*joins), drawn[0][1], drawn[-1][2]
        opening, closing = self.name("open"), self.name("close")
        usual = self.name("usual")
        if kind == "loop":
            (_, first, last), = drawn
            person = self.name("u")             # a round without a person in it would never be left
            return (text + user(person) + xor(opening) + xor(closing, usual)
                    + flows(f"{opening} -> {person} -> {first}", f"{last} -> {closing}", f"{closing} [r > 7] -> {opening}")
                    + task(usual + "_") + flows(f"{closing} #{usual} -> {usual}_")), opening, usual + "_"
        make = {"and": both, "or": some, "xor": xor}[kind]
        text += make(opening) if kind == "and" else make(opening, usual)
        text += make(closing)
        for number, (_, first, last) in enumerate(drawn):
            if kind == "and":
                way = opening
            elif number == 0:
                way = f"{opening} #{usual}"
            else:
                way = f"{opening} [r % 3 == {number}]" if kind == "xor" else f"{opening} [r % {number + 1} == 0]"
            text += flows(f"{way} -> {first}", f"{last} -> {closing}")
        return text, opening, closing

    def leaf(self, kind: str) -> tuple[str, str, str]:
        name = self.name("u" if kind != "task" else "t")
        if kind == "task":
            return task(name), name, name
        if kind == "noticed":
            notice, over = self.name("notice"), self.name("over")
            return (user(name) + boundary(f"b_{name}", name, on("signal", "s_stop"), False) + user(notice) + end(over)
                    + flows(f"b_{name} -> {notice} -> {over}")), name, name
        if kind == "forked":
            copy, over = self.name("copy"), self.name("over")
            return user(name) + task(name + "_") + user(copy) + end(over) + flows(
                f"{name} -> {name}_", f"{name} -> {copy} -> {over}"), name, name + "_"
        if kind == "guarded":
            after, merged = self.name("late"), self.name("merge")
            return (user(name) + boundary(f"b_{name}", name, on("signal", "s_stop")) + user(after) + xor(merged)
                    + flows(f"{name} -> {merged}", f"b_{name} -> {after} -> {merged}")), name, merged
        inside = many(kind == "many-sequential", cardinality=2) if kind != "user" else ""
        return user(name, inside), name, name


def drawn(shape: object) -> engine.Program:
    """The program of a block between a start, a first user task and an end."""
    inside, first, last = Drawing().draw(shape)
    return program(start("begin"), user("first"), end("finish"), inside,
                   flows("begin -> first", f"first -> {first}", f"{last} -> finish"), names="stop")

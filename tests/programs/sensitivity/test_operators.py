# SPDX-License-Identifier: GPL-2.0-only
"""Our operators: their own examples, as the library tests its own, and what they leave alone; which are used at all."""

import pytest
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

from tests.programs.sensitivity.mutants import KINDS, kind, operators
from tests.programs.sensitivity.operators import OPERATORS

EXAMPLES = [(name, example) for name, cls in OPERATORS.items() for example in cls.examples()]


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[f"{n}-{i}" for i, (n, _) in enumerate(EXAMPLES)])
def test_examples(name, example):
    operator = get_operator(f"pte/{name}")()
    assert mutate_code(example.pre_mutation_code, operator, example.occurrence) == example.post_mutation_code


ALL = {  # every mutation of a text, in order
    ("DropStatement", "def f():\n    x = g(1)  # why\n    return x\n"): [
        "def f():\n    pass  # why\n    return x\n",
        "def f():\n    x = g(1)  # why\n    pass\n",
    ],
    ("DropStatement", '"""Doc."""\nimport os\n\n\ndef f():\n    nonlocal x\n    pass\n'): [],
    ("DropStatement", "if x:\n    break\nelse:\n    x += 1\n"): [
        "if x:\n    pass\nelse:\n    x += 1\n",
        "if x:\n    break\nelse:\n    pass\n",
    ],
    ("SwapArguments", "f(g(a, b), c)"): ["f(c, g(a, b))", "f(g(b, a), c)"],
    ("SwapArguments", "f(a,\n  b)"): ["f(b,\n  a)"],
    ("SwapArguments", "f(a, a)\nf(a)\nf(a, b=c)\nf(*a, b)\n"): [],
    ("SwapArguments", "def f(a, b): pass\nx = (a, b)\n"): [],
    ("SwapArguments", "f(lambda: a, b)"): ["f(b, lambda: a)"],
    ("NegateWholeCondition", "if a: pass\nelse: pass\n"): [],  # AddNot's
    ("NegateWholeCondition", "if a or b: pass\nelif c: pass\nelif d and e: pass\n"): [
        "if not (a or b): pass\nelif c: pass\nelif d and e: pass\n",
        "if a or b: pass\nelif not (c): pass\nelif d and e: pass\n",
        "if a or b: pass\nelif c: pass\nelif not (d and e): pass\n",
    ],
    ("ReverseAugmentedAssignment", "x += 1\ny |= 2\nz = -3\n"): ["x -= 1\ny |= 2\nz = -3\n"],
}


@pytest.mark.parametrize(("name", "text"), ALL, ids=[f"{name}-{i}" for i, (name, _) in enumerate(ALL)])
def test_every_mutation(name, text):
    operator = OPERATORS[name]()
    made = []
    while (mutated := mutate_code(text, operator, len(made))) is not None:
        made.append(mutated)
    assert made == ALL[name, text]


def test_what_is_used_of_the_library():
    used = dict(operators())
    assert {kind(name) for name in used} == set(KINDS.values())
    left = set(operator_names()) - set(used)
    named = {"RemoveDecorator", "ExceptionReplacer", "VariableReplacer", "VariableInserter"}
    assert all(any(part in name for part in ("_Is", "_Pow", "_Div", *named)) for name in left)
    assert {f"core/{name}" for name in named} <= left

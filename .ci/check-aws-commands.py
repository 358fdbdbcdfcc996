"""
Checks every `aws …` command of the docs and workflows against the AWS CLI's own model, without a call: service, operation, options,
required parameters, their types, and whether --query finds its fields in the operation's output.
Needs awscli: .ci/run installs it. Prints page, line and reason of each wrong command, and exits 1.
"""
import io
import json
import os
import re
import shlex
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from itertools import takewhile
from pathlib import Path

from awscli.clidriver import create_clidriver
from botocore.utils import ArgumentGenerator
from jmespath import parser

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob(".github/workflows/*.yml")]
# Where a command may begin: a line, a substitution, after another command, or inline code.
COMMAND = re.compile(r"(?:^|[(|;&{`]|\bdo|\brun:)[ \t]*(?=aws [a-z])", re.MULTILINE)
# Ends a command, unless quoted.
END = "();<>|&\n`"
# In place of what the text does not set. As long as the longest id.
ANY = "11111111-2222-3333-4444-555555555555"
# Fewer commands mean that the pattern above no longer finds them.
AT_LEAST = 50


class Accepted(BaseException):
    """The CLI has built the request, of this operation; it would catch an `Exception`."""


class Sample(ArgumentGenerator):
    """An operation's output with all its fields."""

    def _generate_type_map(self, shape, stack):
        return {key: self._generate_skeleton(shape.value, stack) for key in getattr(shape.key, "enum", None) or ["key"]}


def accept(model, **_):
    raise Accepted(model)


def words_of(text, variables):
    """The words of the command at the beginning of a text, with values in place of what a shell or a reader would fill in."""
    text = text.replace("\\\n", " ")
    for name, value in variables.items():
        text = re.sub(rf"\$(?:{name}\b|{{{name}}})", value, text)
    text = re.sub(r"\$\(\(\$\(date .*?\)\)|\$\(date .*?\)", "1700000000", text)
    text = re.sub(r"\$\w+|<\w+>", ANY, text)
    lexer = shlex.shlex(text, posix=True, punctuation_chars=END)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    return list(takewhile(lambda word: word[0] not in END + "#", lexer))


def complaint(driver, words):
    """What is wrong with a command, or None."""
    for name in (name.removeprefix("file://") for name in words if re.match(r"file://|\S+\.yml$", name)):
        Path(name).write_text("{}")
    errors = io.StringIO()
    with redirect_stdout(io.StringIO()), redirect_stderr(errors):
        try:
            code, operation = driver.main(words), None
        except Accepted as accepted:
            code, [operation] = 0, accepted.args
        except SystemExit as exit:
            code = exit.code
    if code:
        lines = errors.getvalue().strip().splitlines()
        return next((line for line in lines if re.search("error:|Bad value", line)), lines[-1])
    if operation and "--query" in words and words[1] != "wait":
        query = words[words.index("--query") + 1]
        sample = Sample(use_member_names=True).generate_skeleton(operation.output_shape)
        if not finds_all(parser.Parser().parse(query).parsed, sample):
            return f"{operation.name} has no such output: {query}"


def finds_all(node, sample):
    """Whether a query, by its syntax tree, finds something for each of its fields, those of its filters included."""
    conditions = []

    def unfiltered(node):
        node = {**node, "children": [unfiltered(child) if isinstance(child, dict) else child for child in node["children"]]}
        if node["type"] != "filter_projection":
            return node
        left, right, condition = node["children"]
        conditions.extend({"type": "projection", "children": [left, field]} for field in fields_of(condition))
        return {"type": "projection", "children": [left, right]}

    def fields_of(node):
        return [node] if node["type"] == "field" else [field for child in node["children"] for field in fields_of(child)]

    whole = unfiltered(node)
    results = [parser.ParsedResult("", part).search(sample) for part in [whole, *conditions]]
    # A sample has no empty list and no null.
    return not re.search(r"null|\[\]", json.dumps(results, default=str))


os.environ.update(AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none", AWS_DEFAULT_REGION="eu-west-1", AWS_CONFIG_FILE=os.devnull)
driver = create_clidriver()
# Emitted once the parameters are valid.
driver.session.register("before-call", accept)
checked, wrong = 0, 0
scratch = tempfile.TemporaryDirectory()
os.chdir(scratch.name)
for page in sorted(PAGES):
    text = page.read_text()
    variables = dict(re.findall(r"^\s*(?:export )?([A-Z]\w*)=([\w.-]+)(?=\s)", text, re.MULTILINE))
    for match in COMMAND.finditer(text):
        words = words_of(text[match.end() :], variables)
        reason = complaint(driver, words[1:])
        checked += 1
        if reason:
            wrong += 1
            line = text.count("\n", 0, match.end()) + 1
            print(f"{page.relative_to(ROOT)}:{line}: {' '.join(words)}\n  {reason}")
print(f"{checked} aws commands, {wrong} wrong")
sys.exit(wrong > 0 or checked < AT_LEAST)

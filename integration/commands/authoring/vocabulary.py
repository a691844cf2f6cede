"""`coldframe vocabulary`: check, show and learn."""

import json
import sys

import click
from rich.console import Console

from integration.commands.authoring.vocabulary_shown import described, shown
from integration.commands.authoring.vocabulary_uses import missing
from integration.commands.shared.installation import installed
from integration.commands.shared.named_files import HELP, VARIABLE, print_problems, vocabulary_of
from integration.flows.looking.learning import Unknown, learned
from mappings.values.instant import show as time_text
from mappings.vocabulary.files.load_vocabulary import in_use
from mappings.vocabulary.files.suggest_lines import WordSeen, suggested
from mappings.yaml_files.problems import fatal

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
_VOCABULARY = click.option("--vocabulary", "file", metavar="FILE", envvar=VARIABLE, help=HELP)


@click.group()
def vocabulary() -> None:
    r"""Check your own words, show what is recognised, and learn what is not.

    \b
    Example:
      coldframe vocabulary check words.yaml
      coldframe vocabulary show
      coldframe vocabulary learn
    """


@vocabulary.command()
@click.argument("file", required=False, envvar=VARIABLE)
@click.option("--playbook", "playbooks", multiple=True, metavar="NAME|FILE", help="Instead of the one that runs.")
@click.option("--mapping", "mappings", multiple=True, metavar="FILE", help="Instead of those in use.")
@_AS_JSON
def check(file: str | None, playbooks: tuple[str, ...], mappings: tuple[str, ...], *, as_json: bool) -> None:
    r"""Check a vocabulary (a file, or the one in use), and that whatever uses its words still finds them.

    The playbook and the mappings that run are looked at: a word that one of them uses cannot be taken away, and the
    place where it is used is named. Exit status 1 where something cannot be used; warnings alone are 0.

    \b
    Example:
      coldframe vocabulary check words.yaml
      words.yaml:9:31: unknown value 'prising' (did you mean 'pricing'?)
      ours.yaml:14:11: unknown field 'cmmc_level'
    """
    made, problems = in_use(file)
    found = list(problems)
    if made is not None:
        found += missing(made, playbooks, mappings)
    print_problems(found, as_json=as_json)
    if fatal(found):
        sys.exit(1)
    if not as_json:
        click.echo(f"{file or 'what comes with Coldframe'}: fine" + (f", {len(found)} warnings" if found else ""))


@vocabulary.command()
@_VOCABULARY
@_AS_JSON
def show(file: str | None, *, as_json: bool) -> None:
    r"""Show your own words, what is recognised (the first line that matches counts), and what is a machine's.

    \b
    Example:
      coldframe vocabulary show --vocabulary words.yaml
      coldframe vocabulary show --json
    """
    words = vocabulary_of(file)
    if as_json:
        click.echo(json.dumps(described(words), indent=2, ensure_ascii=False))
        return
    Console().print(shown(words))


@vocabulary.command()
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="So many words.")
@_VOCABULARY
@_AS_JSON
def learn(file: str | None, *, limit: int, as_json: bool) -> None:
    r"""List what came in and was not recognised, as lines to paste into a vocabulary.

    Addresses, forms, assets, events, types, properties and values: first those of most people who later bought, then
    those that came most often. Each line is right as it stands; put what you know in place of `other`.

    \b
    Example:
      coldframe vocabulary learn
      recognise:
        - {url: "acme.example/tour", page: other}  # 120 times, 3 of these people bought later
    """
    words = vocabulary_of(file)
    with installed() as (_, store), store.read() as conn:
        found = learned(conn, words, limit)
    if as_json:
        click.echo(json.dumps([_plain(each) for each in found], indent=2, ensure_ascii=False))
        return
    text = suggested((_word_seen(each) for each in found), words)
    click.echo(text or "everything that came in was recognised", nl=not text)


def _word_seen(unknown: Unknown) -> WordSeen:
    kind, place, word = unknown.word
    times = "once" if unknown.times == 1 else f"{unknown.times:,} times"
    remark = f"{times}, {unknown.bought} of these people bought later"
    return WordSeen(kind=kind, place=place, word=word, remark=remark)


def _plain(unknown: Unknown) -> dict[str, object]:
    kind, place, word = unknown.word
    first, last = time_text(unknown.first_at), time_text(unknown.last_at)
    told = {"kind": kind, "place": place, "word": word, "times": unknown.times, "bought": unknown.bought}
    return {**told, "first_at": first, "last_at": last}

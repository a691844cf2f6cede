"""Builds vocabularies and playbooks from text, for tests."""

from integration.core.rules.playbook_rules import Playbook
from integration.playbook.compiling.compiler import compile_text
from mappings.vocabulary.files.load_vocabulary import shipped
from mappings.vocabulary.files.parse_vocabulary import parse
from mappings.vocabulary.value import CANONICAL, Vocabulary

OWN = """
lead:
  cmmc_level: {kind: number, label: CMMC level}
  buying_role: {kind: choice, choices: [economic, technical, user]}
  trained: {kind: flag}
  interests: {kind: list}
  renewal: {kind: date}
account:
  certifications: {kind: list}
  tier: {kind: choice, choices: [gold, silver]}
choices:
  source: [partner]
  reason: [no_authority]
  asset_type: [video]
activities:
  video_watched: {label: Video watched, properties: {video: text, percent: number, live: flag}}
  community_post: {}
recognise:
  - {type: "Watched Video", is: video_watched}
"""

SPEAKING = """
language: 1
name: speaking
title: Speaking
about: In a company's own words.
lists: {deciders: [economic, technical]}
signals:
  watched: [video_watched percent>=50, content_download asset_type=video]
fit:
  groups:
    level:
      cmmc_level >= 3: 20
      cmmc_level known: 5
    role:
      buying_role in deciders: 10
    company:
      certifications = soc2|iso27001 and tier = gold: 7
    due:
      renewal >= 2026-06-01 and renewal < 2026-12-31: 3
    interest:
      interests = security: 2
    trained:
      trained: 1
engagement:
  points:
    watched: {points: 15, limit: 1 per day per asset}
    live: {points: 4, when: video_watched live}
    community_post: 6
bands: {hot: total >= 60, warm: total >= 10}
handoff:
  gate: band = hot
  play: handoff
  requires: [buying_role, certifications]
  talk_track: {buying_role = economic: "They decide: {buying_role}, {cmmc_level}, {certifications}, {renewal}"}
recycle:
  no_authority: {track: nurture, hold: 10d}
  otherwise: nurture
first_moves:
  partner: {track: nurture}
tracks:
  nurture: {days: [1], content: letter}
triggers:
  binge: {when: video_watched, at_least: 2, distinct: video, within: 7d, play: handoff}
plays:
  handoff: [{call: "Call {name}, {buying_role}, after {activity}", due: 2h}]
contents: {letter: A letter, profile: A question}
"""


def made(text: str, base: Vocabulary = CANONICAL) -> Vocabulary:
    """The vocabulary of a text without a mistake or a warning."""
    found, problems = parse(text, "v.yaml", base)
    assert problems == ()
    assert found is not None
    return found


def on_shipped(text: str) -> Vocabulary:
    """The same, on top of what is shipped."""
    return made(text, shipped())


def playbook(text: str = SPEAKING, words: str = OWN) -> Playbook:
    """The playbook of a text, in the words of another."""
    found, problems = compile_text(text, "p.yaml", on_shipped(words))
    assert found is not None, problems
    return found

"""What the room of VHH screening announces."""

from __future__ import annotations

from bactrian.core.rooms import CommandAnnouncement, Room

room = Room(
    name="discovery",
    commands=(
        CommandAnnouncement(
            "screen",
            "bactrian.discovery.cli:screen",
            "Panning reads to counts and nominated leads.",
        ),
        CommandAnnouncement(
            "select",
            "bactrian.discovery.select_command:select",
            "Counts made elsewhere to nominated leads.",
        ),
        CommandAnnouncement(
            "leads",
            "bactrian.discovery.leads_command:leads",
            "Pick leads from a finished selection, explain or validate them.",
        ),
        CommandAnnouncement(
            "annotate",
            "bactrian.discovery.annotate_command:annotate",
            "Number and annotate VHH sequences.",
        ),
        CommandAnnouncement(
            "simulate",
            "bactrian.discovery.simulate_command:simulate",
            "Invent data with the truth beside it.",
        ),
        CommandAnnouncement(
            "demo",
            "bactrian.discovery.demo_command:demo",
            "Run the main job on simulated data and leave its report.",
        ),
    ),
)

"""What a reading left in the journal: a fact of each kind, the latest one kept. Pure.

A kind is a frozen Struct in the module that owns the idea; its tag is the name the journal knows it by, and
``fact_kinds`` lists them all. Every field has a default, so that a row written before the field was still opens;
what a row holds beside the fields is left alone.
"""

from __future__ import annotations

from workbench.domain.model.recorded_rows import RecordedRow


class RecordedFact(RecordedRow, frozen=True, kw_only=True, tag_field="name"):
    """The base of every kind."""

    @classmethod
    def journal_name(cls) -> str:
        """Return the name the journal knows this kind by."""
        return str(cls.__struct_config__.tag)

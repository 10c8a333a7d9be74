"""Every cause in every state of a resource: the table leads somewhere, or the step is refused."""

from __future__ import annotations

import pytest

from pagebell.model.document import DocumentKey
from pagebell.model.errors import WrongState
from pagebell.model.event import EventKind, ResourceId, ResourceState
from pagebell.model.resource import CANCEL_REQUESTED, Cause, Data, Resource, doomed, step

NOW = 100.0
DATA = Data(DocumentKey("k"), "image/png", 5, "d")
LEADS = {
    (ResourceState.PENDING, Cause.ARRIVE): (ResourceState.AVAILABLE, EventKind.RESOURCE_STATE_CHANGED),
    (ResourceState.PENDING, Cause.CANCEL): (ResourceState.CANCELED, EventKind.RESOURCE_CANCELED),
    (ResourceState.PENDING, Cause.ABORT): (ResourceState.ABORTED, EventKind.RESOURCE_STATE_CHANGED),
    (ResourceState.AVAILABLE, Cause.INSTALL): (ResourceState.INSTALLED, EventKind.RESOURCE_INSTALLED),
    (ResourceState.AVAILABLE, Cause.CANCEL): (ResourceState.CANCELED, EventKind.RESOURCE_CANCELED),
    (ResourceState.INSTALLED, Cause.CANCEL): (ResourceState.CANCELED, EventKind.RESOURCE_CANCELED),
}
"""PWG 5100.22 7.9.11, written down once more."""


def resource(state: ResourceState) -> Resource:
    over = state >= ResourceState.CANCELED
    return Resource(
        *(ResourceId(3), "u", "static-image", "Logo", "", 1.0),
        state=state,
        ended_at=50.0 if over else None,
        version=7,
    )


@pytest.mark.parametrize("cause", list(Cause), ids=lambda cause: cause.name)
@pytest.mark.parametrize("state", list(ResourceState), ids=lambda state: state.name)
def test_every_cause_in_every_state(state: ResourceState, cause: Cause) -> None:
    old = resource(state)
    if (state, cause) not in LEADS:
        with pytest.raises(WrongState, match=r"resource 3 is \w+: it can't be \w+"):
            step(old, cause, NOW)
        return
    new, event = step(old, cause, NOW, "why", DATA if cause is Cause.ARRIVE else None)
    assert (new.state, event.kind) == LEADS[state, cause]
    assert (new.version, new.message, event.resource, event.at) == (8, "why", 3, NOW)
    assert event.resource_status == new.status
    assert (new.ended_at == NOW) is (new.state >= ResourceState.CANCELED)
    assert new.is_usable is (new.state is ResourceState.INSTALLED)


@pytest.mark.parametrize("state", list(ResourceState), ids=lambda state: state.name)
def test_what_shall_end_is_used_no_more(state: ResourceState) -> None:
    if state >= ResourceState.CANCELED:
        with pytest.raises(WrongState):
            doomed(resource(state), NOW)
        return
    new, event = doomed(resource(state), NOW)
    assert (new.state, new.reasons, new.is_usable) == (state, {CANCEL_REQUESTED}, False)
    assert event.kind is EventKind.RESOURCE_STATE_CHANGED

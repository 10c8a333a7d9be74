"""Who an HTTP request comes from: one answer for IPP, web pages and JSON.

`Doorkeeper.admit` looks at each request once, before its body is read; whatever answers it takes the `Admission`
from the request's scope (`admission_of`), acts as `Admission.principal()`, and turns a NotAuthorized into
`Admission.turned_away()`, which asks for proof where proof would help.
"""

from pagebell.entrance.admission import Admission, TurnedAway, admission_of
from pagebell.entrance.doorkeeper import Auth, Doorkeeper, Entry
from pagebell.entrance.visitor import visitor_of

__all__ = ["Admission", "Auth", "Doorkeeper", "Entry", "TurnedAway", "admission_of", "visitor_of"]

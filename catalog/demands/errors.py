"""What the board of demands refuses, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class DemandNotFound(NotFound):
    code, title = "demand_not_found", "There is no such demand"


class AnswerNotFound(NotFound):
    code, title = "demand_answer_not_found", "There is no such answer"


class DemandStateConflict(Conflict):
    code, title = "demand_state", "The demand is not in a state that allows this"


class DemandInvalid(Invalid):
    code, title = "demand_invalid", "The demand cannot be posted like this"


class IdentifiersInText(Invalid):
    code, title = "identifiers_in_text", "A public text holds something that identifies a person"


class TooManyDemands(Conflict):
    code, title = "too_many_demands", "So many demands at once are not posted"


class TooManyAnswers(Conflict):
    code, title = "too_many_answers", "So many answers to one demand are not given"


class ListingNotOnSale(Conflict):
    code, title = "answer_not_on_sale", "Only a listing on sale answers a demand"


class ReportedAlready(Conflict):
    code, title = "demand_reported_already", "Your organisation has reported this demand already"

from support.deployment import Deployment

from fraudstream.demo import proof
from schemas.topics import Role


def test_what_nothing_can_be_promised_of_is_not_called_right(deployment: Deployment) -> None:
    """Decisions on cards without a history are equal to the last bit, and prove nothing."""
    deployment.publish([deployment.transaction(number) for number in range(100)])
    assert deployment.score("--max-messages", "100", output_scores="true", score_start="earliest") == 0
    settings = deployment.settings
    assert len(deployment.read(Role.SCORES).decisions) == 100
    assert proof.wrong(settings, dict.fromkeys(range(settings.topics.partitions), 0)) == 100
    assert proof.wrong(settings, {}) == 0

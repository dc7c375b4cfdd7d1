package io.pgbackup.credentials.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.credentials.policy.Role;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TimedBrokerTest {
  private final SimulatedBroker kind = new SimulatedBroker(Duration.ofHours(12), _ -> false);
  private final Broker broker =
      new TimedBroker(kind, Map.of(Role.ARCHIVER, Duration.ofMinutes(30)));

  private Duration life(Role role, Optional<Duration> asked) {
    var issued = broker.issue(SimulatedBroker.holder(SimulatedBroker.ORDERS), role, asked);
    return Duration.between(issued.issuedAt(), issued.expiration().orElseThrow());
  }

  @Test
  void whoAsksIsHeardThenTheConfigurationThenTheKindOfStore() {
    assertThat(life(Role.ARCHIVER, Optional.of(Duration.ofHours(1))))
        .isEqualTo(Duration.ofHours(1));
    assertThat(life(Role.ARCHIVER, Optional.empty())).isEqualTo(Duration.ofMinutes(30));
    assertThat(life(Role.RESTORER, Optional.empty())).isEqualTo(Duration.ofHours(12));
  }
}

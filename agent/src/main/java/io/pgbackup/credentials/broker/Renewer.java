package io.pgbackup.credentials.broker;

import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.ClusterId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Renews many credentials, each on a thread of its own: one whose store or place does not answer
/// keeps no other waiting.
///
/// Thread-safe.
public final class Renewer implements AutoCloseable {
  private static final Duration GRACE = Duration.ofSeconds(5);

  private final List<Renewal> renewals;
  private final List<Thread> threads = new ArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);

  /// What is known of one output.
  ///
  /// @param expiration of the credential in use; empty where there is none, or it does not expire
  /// @param failures since the start
  public record State(ClusterId cluster, Role role, Optional<Instant> expiration, long failures) {}

  private Renewer(List<Renewal> renewals) {
    this.renewals = renewals;
  }

  /// Begins at once.
  ///
  /// @param inventory throws for a cluster that may have none
  public static Renewer start(
      List<RenewedOutput> outputs,
      Holders inventory,
      Broker broker,
      InstantSource clock,
      RenewalListener listener) {
    Renewer renewer =
        new Renewer(
            outputs.stream()
                .map(output -> new Renewal(output, inventory, broker, clock, listener))
                .toList());
    for (Renewal renewal : renewer.renewals) {
      renewer.threads.add(
          Thread.ofVirtual()
              .name("renew-" + renewal.output())
              .start(() -> renewer.repeat(renewal)));
    }
    return renewer;
  }

  private void repeat(Renewal renewal) {
    try {
      Duration wait = Duration.ZERO;
      while (!closed.await(wait.toMillis(), TimeUnit.MILLISECONDS)) {
        wait = renewal.step();
      }
    } catch (InterruptedException _) {
      // closed
    }
  }

  public List<State> states() {
    return renewals.stream()
        .map(
            renewal ->
                new State(
                    renewal.output().cluster(),
                    renewal.output().role(),
                    renewal.expiration(),
                    renewal.failures()))
        .toList();
  }

  /// Begins nothing new, and waits a little for what is under way: a swap is never cut in two.
  @Override
  public void close() {
    closed.countDown();
    Instant end = Instant.now().plus(GRACE);
    try {
      for (Thread thread : threads) {
        Duration left = Duration.between(Instant.now(), end);
        thread.join(left.isPositive() ? left : Duration.ofMillis(1));
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}

package io.pgbackup.doctor;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/// Runs checks one after the other. Whatever a check does, the next one comes: what it throws is a
/// failure that names it, and none takes longer than its time.
///
/// Belongs to one thread.
final class Examination {
  private final Duration most;
  private final Consumer<Finding> told;
  private final List<Finding> findings = new ArrayList<>();
  private final Map<Group, String> closed = new EnumMap<>(Group.class);

  /// @param most for each check
  /// @param told of each finding as it comes
  Examination(Duration most, Consumer<Finding> told) {
    this.most = most;
    this.told = told;
  }

  List<Finding> run(List<CheckGroup> groups) {
    groups.forEach(this::run);
    return List.copyOf(findings);
  }

  private void run(CheckGroup group) {
    for (Check check : group.checks()) {
      Outcome outcome = shut(group).map(Outcome::behind).orElseGet(() -> bounded(check));
      if (check.gate() && (outcome instanceof Outcome.Fail || outcome instanceof Outcome.Skip)) {
        closed.putIfAbsent(group.group(), group.group().word() + " " + check.name());
      }
      Finding finding = new Finding(group.group(), check.name(), outcome);
      findings.add(finding);
      told.accept(finding);
    }
  }

  private Optional<String> shut(CheckGroup group) {
    return Optional.ofNullable(closed.get(group.group()))
        .or(
            () ->
                group.needs().stream()
                    .sorted()
                    .map(closed::get)
                    .filter(it -> it != null)
                    .findFirst());
  }

  private Outcome bounded(Check check) {
    CompletableFuture<Outcome> answer = new CompletableFuture<>();
    Thread thread =
        Thread.ofVirtual()
            .name("doctor-" + check.name())
            .start(
                () -> {
                  try {
                    answer.complete(check.question().get());
                  } catch (Throwable e) {
                    answer.completeExceptionally(e);
                  }
                });
    try {
      return answer.get(most.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      return Outcome.fail(problem(check, e));
    } catch (TimeoutException e) {
      thread.interrupt();
      return Outcome.fail(
          Problem.timedOut(
              "no answer in " + most.toSeconds() + " s",
              "Look at the network and at what lies between; firewalls drop without an answer."));
    } catch (InterruptedException e) {
      thread.interrupt();
      Thread.currentThread().interrupt();
      return Outcome.skip("interrupted");
    }
  }

  private static Problem problem(Check check, ExecutionException e) {
    Throwable fault = e.getCause() == null ? e : e.getCause();
    return fault instanceof PgBackupException known
        ? known.problem()
        : Problem.bug("the check '" + check.name() + "' crashed: " + fault);
  }
}

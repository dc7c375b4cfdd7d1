package io.pgbackup.kubernetes.restore;

import static java.util.stream.Collectors.joining;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Shows what `pgbackup` prints in a pod until it is over, and fails in its words.
///
/// @param waiting from one look to the next
/// @param ended the status with which the container of this name has ended, once it has
record PodFollower(
    PodApi api,
    Consumer<String> say,
    Waiting waiting,
    BiFunction<Pod, String, Optional<Integer>> ended) {
  /// @param startPatience how long it may take to begin
  void follow(String name, String container, Duration startPatience) {
    long deadline = System.nanoTime() + startPatience.toNanos();
    int shown = 0;
    while (true) {
      Pod pod = api.pod(name).orElseThrow(() -> gone(name));
      Optional<Integer> status = ended.apply(pod, container);
      if (status.isPresent() || isRunning(pod, container)) {
        String log = api.log(name, container);
        int end = status.isPresent() ? log.length() : log.lastIndexOf('\n') + 1;
        if (end > shown) {
          log.substring(shown, end).lines().filter(PodFollower::isForPeople).forEach(say);
          shown = end;
        }
        if (status.filter(code -> code != 0).isPresent()) {
          throw failure(name, status.get(), log);
        }
        if (status.isPresent()) {
          return;
        }
      } else if (System.nanoTime() - deadline > 0) {
        throw Problem.timedOut(
                "pod %s does not start: %s".formatted(name, waitingFor(pod)),
                "Look at 'kubectl describe pod %s'. %s".formatted(name, Waiting.AGAIN))
            .asException();
      }
      waiting.turn();
    }
  }

  private static boolean isForPeople(String line) {
    return !line.startsWith("ERROR: ") && !line.startsWith("HINT: ");
  }

  private static PgBackupException gone(String pod) {
    return Problem.postgresFailed("somebody deleted pod " + pod, Waiting.AGAIN).asException();
  }

  static Optional<ContainerStatus> status(Pod pod, String container) {
    return Optional.ofNullable(pod.getStatus()).stream()
        .flatMap(
            status ->
                Stream.concat(
                    status.getInitContainerStatuses().stream(),
                    status.getContainerStatuses().stream()))
        .filter(status -> status.getName().equals(container))
        .findFirst();
  }

  private static boolean isRunning(Pod pod, String container) {
    boolean running =
        status(pod, container)
            .map(ContainerStatus::getState)
            .filter(state -> state.getRunning() != null)
            .isPresent();
    return running || (pod.getStatus() != null && "Running".equals(pod.getStatus().getPhase()));
  }

  /// What it waits for, as far as Kubernetes says it.
  static String waitingFor(Pod pod) {
    PodStatus status = pod.getStatus();
    if (status == null) {
      return "nobody has looked at it";
    }
    Stream<String> conditions =
        status.getConditions().stream()
            .filter(condition -> "False".equals(condition.getStatus()))
            .map(PodCondition::getMessage);
    Stream<String> containers =
        Stream.concat(
                status.getInitContainerStatuses().stream(), status.getContainerStatuses().stream())
            .map(ContainerStatus::getState)
            .filter(state -> state != null && state.getWaiting() != null)
            .map(state -> state.getWaiting().getReason());
    return Stream.concat(containers, conditions)
        .filter(text -> text != null && !text.isEmpty())
        .distinct()
        .collect(joining(", "));
  }

  /// The container's own words, with the status that it ended with.
  private static PgBackupException failure(String name, int status, String log) {
    String message =
        last(log, "ERROR: ")
            .orElseGet(
                () ->
                    "pod %s ended with status %d: %s"
                        .formatted(name, status, log.lines().reduce((_, line) -> line).orElse("")));
    String hint = last(log, "HINT: ").orElse(Waiting.AGAIN);
    return (switch (status) {
          case 2 -> Problem.misconfigured(message, hint);
          case 4 -> Problem.refused(message, hint);
          case 5 -> Problem.storageFailed(message, hint);
          case 7 -> Problem.verificationFailed(message, hint);
          case 8 -> Problem.timedOut(message, hint);
          case 9 -> Problem.notFound(message, hint);
          default -> Problem.postgresFailed(message, hint);
        })
        .asException();
  }

  private static Optional<String> last(String log, String label) {
    return log.lines()
        .filter(line -> line.startsWith(label))
        .reduce((_, line) -> line)
        .map(line -> line.substring(label.length()));
  }
}

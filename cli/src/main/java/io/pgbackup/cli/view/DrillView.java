package io.pgbackup.cli.view;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.pgbackup.drill.DrillCheck;
import io.pgbackup.drill.DrillJson;
import io.pgbackup.drill.DrillRequest;
import io.pgbackup.drill.DrillVerdict;
import io.pgbackup.restore.RecoveryTarget;
import io.pgbackup.wording.Sizes;
import io.pgbackup.wording.Times;
import java.util.Optional;

/// `pgbackup drill`.
public final class DrillView {
  private DrillView() {}

  /// @param drill as it is stored
  /// @param stored its key, where it could be stored
  record Json(@JsonUnwrapped DrillJson.Document drill, Optional<String> stored) {}

  /// For scripts.
  public static Object json(DrillVerdict verdict, Optional<String> stored) {
    return new Json(DrillJson.document(verdict), stored);
  }

  /// What is going to be restored.
  public static String begin(DrillRequest request) {
    return "drill: %s to %s, from %s%s, below %s"
        .formatted(
            request.plan().lineage().cluster(),
            request.plan().target() instanceof RecoveryTarget.AtTime at
                ? Times.exact(at.instant())
                : "the latest commit",
            request.plan().backup().name(),
            request.plan().contentBytes().map(bytes -> " (" + Sizes.human(bytes) + ")").orElse(""),
            request.folder());
  }

  /// One check, as it comes.
  public static String line(DrillCheck check) {
    String word =
        switch (check.result()) {
          case PASSED -> "pass";
          case FAILED -> "FAIL";
          case SKIPPED -> "skip";
        };
    String line = "%s  %-14s  %s".formatted(word, check.name(), check.found());
    return check.next().isEmpty() ? line : line + "\n      -> " + check.next();
  }

  /// For people.
  public static String text(DrillVerdict verdict, Optional<String> stored) {
    StringBuilder text = new StringBuilder();
    text.append(verdict.cluster()).append("  ").append(verdict.uid()).append('\n');
    verdict.checks().forEach(check -> text.append(line(check)).append('\n'));
    verdict
        .restoredTo()
        .ifPresent(at -> text.append("restored to  %s%n".formatted(Times.exact(at))));
    verdict
        .recoveryTime()
        .ifPresent(
            time ->
                text.append(
                    "RTO          %s, until connections were accepted%n"
                        .formatted(Times.span(time))));
    verdict
        .dataLoss()
        .ifPresent(
            loss ->
                text.append(
                    "RPO          %s, since the last commit that can be restored%n"
                        .formatted(Times.span(loss))));
    text.append("verdict      ").append(verdict.passed() ? "passed" : "failed");
    stored.ifPresent(key -> text.append(", stored as ").append(key));
    return text.append('\n').toString();
  }
}

package io.pgbackup.cli.view;

import io.pgbackup.doctor.Diagnosis;
import io.pgbackup.doctor.Finding;
import io.pgbackup.doctor.Group;
import io.pgbackup.doctor.Outcome;
import io.pgbackup.doctor.StorageProfile;
import io.pgbackup.problem.ExitStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What `pgbackup doctor` found, line by line as it comes. Not thread-safe.
public final class DoctorView {
  private static final int TEXT = 26;
  private static final String REMEDY = "-> ";

  private final int width;
  private final boolean colour;
  private @Nullable Group group;
  private Optional<String> said = Optional.empty();

  /// @param width of the terminal in columns
  /// @param colour whether it shows colours
  public DoctorView(int width, boolean colour) {
    this.width = width;
    this.colour = colour;
  }

  /// @param verdict `pass`, `warn`, `fail` or `skip`
  /// @param exitStatus of a failure
  record CheckJson(
      String group,
      String check,
      String verdict,
      String found,
      Optional<String> remedy,
      Optional<Integer> exitStatus) {}

  /// @param verdict the gravest of all
  record Json(
      String verdict, int exitStatus, List<CheckJson> checks, Optional<StorageProfile> profile) {}

  /// For scripts.
  public static Object json(Diagnosis diagnosis) {
    return new Json(
        verdict(diagnosis),
        diagnosis.status().code(),
        diagnosis.findings().stream().map(DoctorView::json).toList(),
        diagnosis.profile());
  }

  private static String verdict(Diagnosis diagnosis) {
    if (diagnosis.count(Outcome.Fail.class) > 0) {
      return "fail";
    }
    return diagnosis.count(Outcome.Warn.class) > 0 ? "warn" : "pass";
  }

  private static CheckJson json(Finding finding) {
    return new CheckJson(
        finding.group().word(),
        finding.check(),
        word(finding.outcome()),
        finding.outcome().found(),
        remedy(finding.outcome()),
        finding.outcome() instanceof Outcome.Fail fail
            ? Optional.of(ExitStatus.of(fail.problem()).code())
            : Optional.empty());
  }

  private static String word(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Pass _ -> "pass";
      case Outcome.Warn _ -> "warn";
      case Outcome.Fail _ -> "fail";
      case Outcome.Skip _ -> "skip";
    };
  }

  private static Optional<String> remedy(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Warn warn -> Optional.of(warn.remedy());
      case Outcome.Fail fail -> fail.problem().hint();
      case Outcome.Pass _, Outcome.Skip _ -> Optional.empty();
    };
  }

  /// One finding, with its group's heading where a new group begins; nothing for what was not tried
  /// because of a finding that was shown.
  public String lines(Finding finding) {
    if (finding.outcome() instanceof Outcome.Skip skip && skip.implied()) {
      return "";
    }
    StringBuilder text = new StringBuilder();
    if (group != finding.group()) {
      text.append(group == null ? "" : "\n")
          .append(finding.group().word())
          .append(": ")
          .append(finding.group().meaning())
          .append('\n');
      group = finding.group();
      said = Optional.empty();
    }
    String found = finding.outcome().found();
    String word = word(finding.outcome());
    String shown = finding.outcome() instanceof Outcome.Fail ? "FAIL" : word;
    List<String> lines = wrapped(found, width - TEXT);
    text.append(
        "  %s  %-16s  %s%n".formatted(coloured(word, shown), finding.check(), lines.getFirst()));
    lines.stream().skip(1).forEach(line -> text.append(" ".repeat(TEXT)).append(line).append('\n'));
    Optional<String> remedy = remedy(finding.outcome());
    // several checks of one group may have one remedy
    remedy.filter(it -> !said.equals(remedy)).ifPresent(it -> remedy(text, it));
    said = remedy;
    return text.toString();
  }

  private void remedy(StringBuilder text, String remedy) {
    String before = " ".repeat(TEXT) + REMEDY;
    for (String line : wrapped(remedy, width - before.length())) {
      text.append(before).append(line).append('\n');
      before = " ".repeat(before.length());
    }
  }

  /// At blanks; a word that is longer than a line stands alone and whole, so that it can be copied.
  static List<String> wrapped(String text, int width) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.strip().split("\\s+")) {
      if (!line.isEmpty() && line.length() + 1 + word.length() > width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  private String coloured(String word, String shown) {
    if (!colour) {
      return shown;
    }
    int code =
        switch (word) {
          case "pass" -> 32;
          case "warn" -> 33;
          case "fail" -> 31;
          default -> 2;
        };
    return "\u001b[" + code + "m" + shown + "\u001b[0m";
  }

  /// The last line.
  public String summary(Diagnosis diagnosis) {
    return "%n%d failed, %d warned, %d passed, %d not tried%n"
        .formatted(
            diagnosis.count(Outcome.Fail.class),
            diagnosis.count(Outcome.Warn.class),
            diagnosis.count(Outcome.Pass.class),
            diagnosis.count(Outcome.Skip.class));
  }
}

package io.pgbackup.retention;

import io.pgbackup.catalog.ArchiveSurvey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// All that a plan depends on. Immutable.
///
/// @param holds expired ones too
/// @param restores that run now
/// @param doubts why nothing may be deleted, found while reading: a hold that cannot be understood
///   for instance
/// @param now by the clock of whoever plans
public record RetentionInput(
    ArchiveSurvey survey,
    RetentionRules rules,
    List<Hold> holds,
    List<RunningRestore> restores,
    List<String> doubts,
    Instant now) {
  public RetentionInput {
    holds = List.copyOf(holds);
    restores = List.copyOf(restores);
    doubts = List.copyOf(doubts);
  }

  RetentionInput doubting(String doubt) {
    List<String> all = new ArrayList<>(doubts);
    all.addFirst(doubt);
    return new RetentionInput(survey, rules, holds, restores, all, now);
  }

  RetentionInput with(List<Hold> otherHolds) {
    return new RetentionInput(survey, rules, otherHolds, restores, doubts, now);
  }
}

package io.pgbackup.credentials.r2;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What is to become of a bucket's lock rules. Immutable.
///
/// @param changes our rules, those that stay as they are among them
/// @param after all rules of the bucket, the others' too
public record LockPlan(List<Change> changes, LockRules after) {
  public LockPlan {
    changes = List.copyOf(changes);
  }

  /// What happens to one rule.
  public enum Kind {
    ADD,
    /// It was switched off.
    ENABLE,
    LENGTHEN,
    /// It locks for longer than wanted, forever or to a date perhaps.
    SHORTEN,
    KEEP;

    /// As it is shown: `add`.
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// @param rule as it is to be
  /// @param before as it is; empty for a new one
  public record Change(Kind kind, LockRule rule, Optional<LockRule> before) {}

  public boolean isDone() {
    return changes.stream().allMatch(change -> change.kind() == Kind.KEEP);
  }

  public boolean shortens() {
    return changes.stream().anyMatch(change -> change.kind() == Kind.SHORTEN);
  }

  /// How many rules of others stay.
  public int others() {
    return after.rules().size() - changes.size();
  }
}

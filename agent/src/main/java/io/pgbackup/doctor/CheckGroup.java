package io.pgbackup.doctor;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// The checks of one group, in order.
///
/// @param needs groups whose gates must have passed, where they were asked at all
record CheckGroup(Group group, Set<Group> needs, List<Check> checks) {
  CheckGroup {
    needs = Set.copyOf(needs);
    checks = List.copyOf(checks);
  }

  static CheckGroup of(Group group, List<Check> checks) {
    return new CheckGroup(group, Set.of(), checks);
  }

  CheckGroup and(Check last) {
    return new CheckGroup(group, needs, Stream.concat(checks.stream(), Stream.of(last)).toList());
  }
}

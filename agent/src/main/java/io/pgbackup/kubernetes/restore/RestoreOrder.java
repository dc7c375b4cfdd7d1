package io.pgbackup.kubernetes.restore;

import java.util.List;

/// What a restore in place of a StatefulSet shall bring back. The same order is the same restore:
/// how a command that was given again is known.
///
/// @param target the words for the instant, as on the command line
/// @param roles whose passwords are set to those of Secrets, beside the superuser's
public record RestoreOrder(List<String> target, List<RoleSecret> roles) {
  public RestoreOrder {
    target = List.copyOf(target);
    roles = List.copyOf(roles);
  }
}

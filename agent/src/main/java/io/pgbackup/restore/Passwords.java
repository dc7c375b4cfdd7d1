package io.pgbackup.restore;

import static java.util.stream.Collectors.toCollection;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// The passwords that roles of the restored server are to have.
///
/// @param superuser who sets them; left out, each role its own
public record Passwords(Optional<String> superuser, List<RolePassword> ofRoles) {
  public static final Passwords NONE = new Passwords(Optional.empty(), List.of());

  public Passwords {
    ofRoles = List.copyOf(ofRoles);
  }

  Set<String> roles() {
    return ofRoles.stream().map(RolePassword::role).collect(toCollection(TreeSet::new));
  }
}

package io.pgbackup.doctor;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.RetentionRun;
import io.pgbackup.credentials.policy.Role;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/// What a credential should be able to do in its own folder.
///
/// @param whose for messages: `an archiver`
/// @param needed what does not work without it
/// @param unwanted what it should not be able to do
/// @param isolated whether it was issued for this cluster alone
record Expectation(String whose, Set<Operation> needed, Set<Operation> unwanted, boolean isolated) {
  /// Kinds of requests, as policies tell them apart.
  enum Operation {
    LIST,
    GET,
    PUT,
    LEASE,
    MULTIPART,
    DELETE
  }

  Expectation {
    needed = Set.copyOf(needed);
    unwanted = Set.copyOf(unwanted);
  }

  /// @param role of the credential, where it says it; otherwise it is the agent's
  static Expectation of(Optional<Role> role, PgBackupConfig config) {
    return role.map(Expectation::of).orElseGet(() -> ofAgent(config.retention().run()));
  }

  private static Expectation of(Role role) {
    return switch (role) {
      case ARCHIVER ->
          new Expectation(
              "an archiver",
              EnumSet.complementOf(EnumSet.of(Operation.DELETE)),
              EnumSet.of(Operation.DELETE),
              true);
      case RETENTION ->
          new Expectation(
              "a retention credential",
              EnumSet.of(Operation.LIST, Operation.GET, Operation.LEASE, Operation.DELETE),
              EnumSet.of(Operation.PUT, Operation.MULTIPART),
              true);
      case RESTORER ->
          new Expectation(
              "a restorer",
              EnumSet.of(Operation.LIST, Operation.GET, Operation.LEASE),
              EnumSet.of(Operation.PUT, Operation.MULTIPART, Operation.DELETE),
              true);
    };
  }

  /// A credential that does not say its role, as the agent uses it.
  private static Expectation ofAgent(RetentionRun retention) {
    return new Expectation(
        "the agent",
        EnumSet.complementOf(EnumSet.of(Operation.DELETE)),
        retention == RetentionRun.JOB
            ? EnumSet.of(Operation.DELETE)
            : EnumSet.noneOf(Operation.class),
        false);
  }
}

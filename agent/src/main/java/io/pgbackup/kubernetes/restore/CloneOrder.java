package io.pgbackup.kubernetes.restore;

import io.pgbackup.problem.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// What a clone of a StatefulSet shall be. Immutable.
///
/// @param name of the new StatefulSet, and of its cluster in the bucket
/// @param target the words for the instant, as on the command line
/// @param secret with the clone's own credential of the bucket
/// @param sourceSecret with one that may read the source's archive, where the first may not
/// @param roles whose passwords are set to those of Secrets, beside the superuser's
/// @param replicas the primary and its standbys, which are made from it
public record CloneOrder(
    String name,
    List<String> target,
    String secret,
    Optional<String> sourceSecret,
    List<RoleSecret> roles,
    int replicas) {
  /// Its pods carry a hash and an ordinal behind it, and its Services are called after it.
  private static final Pattern NAME = Pattern.compile("[a-z]([a-z0-9-]{0,50}[a-z0-9])?");

  private static final Pattern SECRET = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?");

  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if Kubernetes has no such names
  public CloneOrder {
    target = List.copyOf(target);
    roles = List.copyOf(roles);
    if (!NAME.matcher(name).matches()) {
      throw Problem.misconfigured(
              "--as: '%s' cannot be the name of a clone".formatted(name),
              "Use at most 52 lower-case letters, digits and '-', beginning with a letter and not"
                  + " ending with '-'.")
          .asException();
    }
    requireSecret("--secret", secret);
    sourceSecret.ifPresent(it -> requireSecret("--source-secret", it));
    if (replicas < 1) {
      throw Problem.misconfigured(
              "--replicas: a clone cannot have %d".formatted(replicas),
              "Give 1 for the primary alone, or more for standbys of it.")
          .asException();
    }
  }

  private static void requireSecret(String option, String name) {
    if (!SECRET.matcher(name).matches()) {
      throw Problem.misconfigured(
              "%s: '%s' is no name of a Secret".formatted(option, name),
              "Use lower-case letters, digits, '-' and '.'.")
          .asException();
    }
  }

  /// The same order says the same: how a command that was given again is known.
  String words() {
    List<String> words = new ArrayList<>(target);
    words.addAll(List.of("--secret", secret));
    sourceSecret.ifPresent(it -> words.addAll(List.of("--source-secret", it)));
    roles.forEach(role -> words.addAll(List.of("--role-secret", role.toString())));
    if (replicas > 1) {
      words.addAll(List.of("--replicas", Integer.toString(replicas)));
    }
    return String.join(" ", words);
  }
}

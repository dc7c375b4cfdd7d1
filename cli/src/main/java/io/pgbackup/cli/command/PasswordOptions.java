package io.pgbackup.cli.command;

import static java.util.stream.Collectors.joining;

import io.pgbackup.problem.Problem;
import io.pgbackup.restore.Passwords;
import io.pgbackup.restore.RolePassword;
import io.pgbackup.secret.SecretFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Which passwords roles are to have in what is restored.
final class PasswordOptions {
  @Option(
      names = "--password",
      paramLabel = "ROLE=FILE",
      description = "The password that a role is to have from now on; once for each.")
  private List<String> passwords = List.of();

  @Option(
      names = "--role-files",
      paramLabel = "FILE=FILE",
      description =
          "The same for the role whose name is in the first file, as a mounted Secret has it; once"
              + " for each.")
  private List<String> roleFiles = List.of();

  @Option(
      names = "--superuser",
      paramLabel = "NAME",
      description = "Who sets these passwords; each role its own, if left out.")
  private @Nullable String superuser;

  boolean isEmpty() {
    return passwords.isEmpty() && roleFiles.isEmpty();
  }

  /// Looks whether the files are there and can be used.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` or `Refused`
  Passwords read() {
    List<RolePassword> all = new ArrayList<>(passwords.stream().map(RolePassword::parse).toList());
    all.forEach(
        each -> PasswordFile.of(each.file()).require(each.role(), each.role().equals(superuser)));
    roleFiles.stream().map(PasswordOptions::ofFiles).forEach(all::add);
    refuseSecondPasswords(all);
    return new Passwords(Optional.ofNullable(superuser), all);
  }

  private static RolePassword ofFiles(String text) {
    int equals = text.lastIndexOf('=');
    if (equals < 1 || equals == text.length() - 1) {
      throw Problem.misconfigured(
              // not repeated: it may be the password itself
              "--role-files does not name two files",
              "Write FILE=FILE, the one with the role's name and the one with its password.")
          .asException();
    }
    Path name = Path.of(text.substring(0, equals));
    Path password = Path.of(text.substring(equals + 1));
    PasswordFile.of(name).require("a role", false);
    String role = SecretFile.line(name, "file with the role's name");
    PasswordFile.of(password).require(role, false);
    return new RolePassword(role, password);
  }

  private static void refuseSecondPasswords(List<RolePassword> all) {
    Set<String> seen = new HashSet<>();
    all.stream()
        .map(RolePassword::role)
        .filter(role -> !seen.add(role))
        .findFirst()
        .ifPresent(
            role -> {
              throw Problem.refused(
                      "role %s would get more than one password, from %s"
                          .formatted(
                              role,
                              all.stream()
                                  .filter(each -> each.role().equals(role))
                                  .map(each -> PasswordFile.of(each.file()).toString())
                                  .collect(joining(" and "))),
                      "Leave all but one of them out.")
                  .asException();
            });
  }
}

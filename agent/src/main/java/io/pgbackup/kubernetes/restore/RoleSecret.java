package io.pgbackup.kubernetes.restore;

import io.pgbackup.problem.Problem;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A Secret with the password that a role is to have after a restore or in a clone. Only pods read
/// it.
///
/// @param role left out, the Secret names it under [#USERNAME]
/// @param key of the password
public record RoleSecret(Optional<String> role, String secret, String key) {
  public static final String USERNAME = "username";
  public static final String PASSWORD = "password";

  private static final Pattern TEXT =
      Pattern.compile("(?:(.+)=)?([a-z0-9][a-z0-9.-]{0,252})(?:/([A-Za-z0-9._-]{1,253}))?");

  /// @param text `[ROLE=]SECRET[/KEY]`
  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if it is not of that form
  public static RoleSecret parse(String text) {
    Matcher parts = TEXT.matcher(text);
    if (!parts.matches()) {
      throw Problem.misconfigured(
              // not repeated: it may be the password itself
              "--role-secret does not name a Secret",
              "Write SECRET, with the keys username and password, or ROLE=SECRET/KEY; for example"
                  + " orders-app, or app=orders-passwords/app.")
          .asException();
    }
    return new RoleSecret(
        Optional.ofNullable(parts.group(1)),
        parts.group(2),
        Optional.ofNullable(parts.group(3)).orElse(PASSWORD));
  }

  List<String> keys() {
    return role.isPresent() ? List.of(key) : List.of(USERNAME, key);
  }

  @Override
  public String toString() {
    return role.map(name -> name + "=").orElse("")
        + secret
        + (key.equals(PASSWORD) ? "" : "/" + key);
  }
}

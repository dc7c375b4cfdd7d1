package io.pgbackup.engine.walg;

import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;

/// Takes secrets out of what a program printed: those that we gave it, and signatures of requests.
final class Redaction {
  private static final int SHORTEST = 4;
  private static final String INSTEAD = "***";
  private static final Pattern SIGNED =
      Pattern.compile(
          "(?i)((?:X-Amz-(?:Credential|Signature|Security-Token)|Signature|AWSAccessKeyId)=)"
              + "[^&\\s\"']+");

  private final List<String> secrets;

  /// @param secrets texts that must not appear; one of fewer than 4 characters is left alone,
  ///   because it would tear ordinary words apart
  Redaction(Collection<String> secrets) {
    this.secrets = secrets.stream().filter(secret -> secret.length() >= SHORTEST).toList();
  }

  String of(String text) {
    String clean = SIGNED.matcher(text).replaceAll("$1" + INSTEAD);
    for (String secret : secrets) {
      clean = clean.replace(secret, INSTEAD);
    }
    return clean;
  }
}

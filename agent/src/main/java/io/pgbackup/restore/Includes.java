package io.pgbackup.restore;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a configuration file includes, in the forms that PostgreSQL reads (guc-file.l; hba.c since
/// 16): with and without quotes, with and without an equals sign.
///
/// @param files of `include` and `include_if_exists`, as they are written
/// @param folders of `include_dir`
record Includes(List<String> files, List<String> folders) {
  private static final Pattern DIRECTIVE =
      Pattern.compile(
          "(?mi)^[ \\t]*(include|include_if_exists|include_dir)(?:[ \\t]*=[ \\t]*|[ \\t]+|(?=['\"]))"
              + "(?:'((?:[^'\\n]|'')*)'|\"([^\"\\n]*)\"|([^\\s#'\"]+))");

  static Includes of(String configuration) {
    List<String> files = new ArrayList<>();
    List<String> folders = new ArrayList<>();
    Matcher matcher = DIRECTIVE.matcher(configuration);
    while (matcher.find()) {
      boolean folder = matcher.group(1).toLowerCase(Locale.ROOT).equals("include_dir");
      (folder ? folders : files).add(name(matcher));
    }
    return new Includes(files, folders);
  }

  private static String name(MatchResult found) {
    if (found.group(2) != null) {
      return found.group(2).replace("''", "'");
    }
    return found.group(3) != null ? found.group(3) : found.group(4);
  }
}

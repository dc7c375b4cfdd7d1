package io.pgbackup.config.walg;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads assignments as a shell, systemd or Docker would: `KEY=value`, `export KEY='value'`, what
/// `export -p` and `declare -x` print, `#` comments, quotes over several lines. Nothing is
/// expanded: what only a shell could know is refused, unless it stands in single quotes.
///
/// Not thread-safe: one belongs to one text.
final class EnvText {
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
  private static final Pattern ASSIGNMENT =
      Pattern.compile("(?:(export|declare -x|typeset -x)[ \\t]+)?([A-Za-z_][A-Za-z0-9_]*)");
  private static final Pattern EXPANSION = Pattern.compile("\\$[A-Za-z_{(]|`");

  private final String text;
  private int at;

  private EnvText(String text) {
    this.text = text.replace("\r\n", "\n");
  }

  /// @return in their order; the last assignment of a name counts
  /// @throws IllegalArgumentException with the line, and never with a value
  static Map<String, String> parse(String text) {
    return new EnvText(text).parse();
  }

  private Map<String, String> parse() {
    Map<String, String> found = new LinkedHashMap<>();
    while (skipToWord("\n \t;")) {
      Matcher assignment = ASSIGNMENT.matcher(text).region(at, text.length());
      if (!assignment.lookingAt()) {
        throw fault("is no KEY=value");
      }
      boolean words = assignment.group(1) != null;
      String name = assignment.group(2);
      at = assignment.end();
      if (at == text.length() || text.charAt(at) != '=') {
        if (!words || !skipRestOfDeclaration()) {
          throw fault("is no KEY=value");
        }
        continue;
      }
      at++;
      found.put(name, words ? value(name, true) : value(name, false));
      while (words && skipToWord(" \t") && nextAssignment().isPresent()) {
        String another = nextAssignment().orElseThrow();
        at += another.length() + 1;
        found.put(another, value(another, true));
      }
    }
    return found;
  }

  /// `export KEY` alone marks a variable and gives it nothing.
  private boolean skipRestOfDeclaration() {
    while (at < text.length() && text.charAt(at) != '\n') {
      if (" \t".indexOf(text.charAt(at)) < 0
          && !Character.isLetterOrDigit(text.charAt(at))
          && text.charAt(at) != '_') {
        return false;
      }
      at++;
    }
    return true;
  }

  private Optional<String> nextAssignment() {
    Matcher name = NAME.matcher(text).region(at, text.length());
    return name.lookingAt() && name.end() < text.length() && text.charAt(name.end()) == '='
        ? Optional.of(name.group())
        : Optional.empty();
  }

  /// Skips these characters and comments.
  ///
  /// @return whether anything follows
  private boolean skipToWord(String blanks) {
    while (at < text.length()) {
      char next = text.charAt(at);
      if (next == '#') {
        int end = text.indexOf('\n', at);
        at = end < 0 ? text.length() : end;
      } else if (blanks.indexOf(next) >= 0) {
        at++;
      } else {
        return true;
      }
    }
    return false;
  }

  /// @param word ends at a blank as in a shell; otherwise the line's rest counts, as systemd and
  ///   Docker take it, without a comment
  private String value(String name, boolean word) {
    StringBuilder value = new StringBuilder();
    int kept = 0;
    while (!word && at < text.length() && " \t".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    while (at < text.length() && text.charAt(at) != '\n') {
      char next = text.charAt(at);
      if (next == '\'') {
        value.append(until('\'', name));
      } else if (next == '"') {
        value.append(doubleQuoted(name));
      } else if (next == '$' && at + 1 < text.length() && text.charAt(at + 1) == '\'') {
        at++;
        value.append(ansiQuoted(name));
      } else if (next == '\\' && at + 1 < text.length()) {
        if (text.charAt(at + 1) != '\n') {
          value.append(text.charAt(at + 1));
        }
        at += 2;
      } else if (word && " \t;".indexOf(next) >= 0) {
        return value.toString();
      } else if (next == '#' && at > 0 && " \t".indexOf(text.charAt(at - 1)) >= 0) {
        break;
      } else {
        refuseExpansion(at, name);
        value.append(next);
        at++;
        if (" \t".indexOf(next) >= 0) {
          continue;
        }
      }
      kept = value.length();
    }
    value.setLength(kept);
    return value.toString();
  }

  private String until(char quote, String name) {
    int end = text.indexOf(quote, at + 1);
    if (end < 0) {
      throw fault("opens a quote for " + name + " and never closes it");
    }
    String inside = text.substring(at + 1, end);
    at = end + 1;
    return inside;
  }

  private String doubleQuoted(String name) {
    int opened = at;
    StringBuilder inside = new StringBuilder();
    at++;
    while (at < text.length()) {
      char next = text.charAt(at);
      if (next == '"') {
        at++;
        return inside.toString();
      }
      if (next == '\\' && at + 1 < text.length()) {
        char escaped = text.charAt(at + 1);
        if ("\"\\$`".indexOf(escaped) >= 0) {
          inside.append(escaped);
        } else if (escaped != '\n') {
          inside.append(next).append(escaped);
        }
        at += 2;
        continue;
      }
      refuseExpansion(at, name);
      inside.append(next);
      at++;
    }
    at = opened;
    throw fault("opens a quote for " + name + " and never closes it");
  }

  /// `$'...'`, as `export -p` prints line ends.
  private String ansiQuoted(String name) {
    int opened = at;
    StringBuilder inside = new StringBuilder();
    at++;
    while (at < text.length()) {
      char next = text.charAt(at);
      at++;
      if (next == '\'') {
        return inside.toString();
      }
      if (next == '\\' && at < text.length()) {
        char escaped = text.charAt(at);
        at++;
        inside.append(
            switch (escaped) {
              case 'n' -> '\n';
              case 't' -> '\t';
              case 'r' -> '\r';
              default -> escaped;
            });
      } else {
        inside.append(next);
      }
    }
    at = opened;
    throw fault("opens a quote for " + name + " and never closes it");
  }

  private void refuseExpansion(int where, String name) {
    if (EXPANSION.matcher(text).region(where, text.length()).lookingAt()) {
      throw fault(
          name
              + " holds a '"
              + text.charAt(where)
              + "' that only a shell can expand; give the value"
              + " itself, in single quotes if it is meant so");
    }
  }

  private IllegalArgumentException fault(String what) {
    long line =
        1 + text.substring(0, Math.min(at, text.length())).chars().filter(c -> c == '\n').count();
    return new IllegalArgumentException("line " + line + ": " + what);
  }
}

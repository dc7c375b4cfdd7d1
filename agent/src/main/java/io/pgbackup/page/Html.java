package io.pgbackup.page;

/// Writes HTML whose texts cannot become markup.
///
/// Not thread-safe.
final class Html {
  private final StringBuilder text = new StringBuilder();

  /// Text as it was meant, for content and for quoted attributes.
  static String escaped(Object content) {
    StringBuilder safe = new StringBuilder();
    content
        .toString()
        .codePoints()
        .forEach(
            letter -> {
              switch (letter) {
                case '&' -> safe.append("&amp;");
                case '<' -> safe.append("&lt;");
                case '>' -> safe.append("&gt;");
                case '"' -> safe.append("&quot;");
                case '\'' -> safe.append("&#39;");
                default -> safe.appendCodePoint(letter);
              }
            });
    return safe.toString();
  }

  /// @param markup a constant of this package
  Html markup(String markup) {
    text.append(markup);
    return this;
  }

  Html text(Object content) {
    text.append(escaped(content));
    return this;
  }

  /// An element without attributes, with text in it.
  Html element(String name, Object content) {
    return markup("<" + name + ">").text(content).markup("</" + name + ">");
  }

  /// An element of a class, with text in it.
  Html element(String name, String style, Object content) {
    return markup("<" + name + " class=\"" + style + "\">").text(content).markup("</" + name + ">");
  }

  @Override
  public String toString() {
    return text.toString();
  }
}

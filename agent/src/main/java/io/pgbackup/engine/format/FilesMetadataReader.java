package io.pgbackup.engine.format;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Reads `files_metadata.json` as a stream, because it can have a gigabyte: memory does not grow
/// with the number of files. `DatabasesByNames` and unknown keys are passed over.
public final class FilesMetadataReader {
  /// Gets what is listed, in the document's order; a name may come twice, and then the last counts.
  public interface Visitor {
    /// @param member spelled as in the tar
    /// @param incremented its content is only the changed pages
    /// @param skipped its content is the parent's
    /// @param modified its modification time as RFC 3339, empty where the list does not say
    void file(String member, boolean incremented, boolean skipped, String modified);

    /// Told after [#file] of the same member.
    ///
    /// @param pages whose checksum did not hold, the first ten of them
    default void corrupt(String member, List<Long> pages) {}

    /// @param tar that holds some of the files, by its name inside `tar_partitions`
    void tar(String tar);
  }

  private final JsonParser parser;
  private final Visitor visitor;

  private FilesMetadataReader(JsonParser parser, Visitor visitor) {
    this.parser = parser;
    this.visitor = visitor;
  }

  /// Does not close the source. What the visitor got counts only when this method returns.
  ///
  /// @param name the object's name, for messages
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if it is no such document
  public static void read(InputStream source, String name, Visitor visitor) throws IOException {
    try (JsonParser parser = Documents.STREAMING.createParser(source)) {
      parser.disable(JsonParser.Feature.AUTO_CLOSE_SOURCE);
      new FilesMetadataReader(parser, visitor).document();
    } catch (JsonProcessingException e) {
      throw Documents.unreadable(name, e.getOriginalMessage(), e);
    } catch (CharConversionException e) {
      throw Documents.unreadable(name, "it is no text", e);
    }
  }

  private void document() throws IOException {
    if (parser.nextToken() == JsonToken.VALUE_NULL) {
      return;
    }
    expectObject();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_NULL) {
        switch (key.toLowerCase(Locale.ROOT)) {
          case "files" -> files();
          case "tarfilesets" -> tars();
          default -> parser.skipChildren();
        }
      }
    }
    if (parser.nextToken() != null) {
      throw new JsonParseException(parser, "something follows the document");
    }
  }

  private void tars() throws IOException {
    expectObject();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      visitor.tar(parser.currentName());
      parser.nextToken();
      parser.skipChildren();
    }
  }

  private void files() throws IOException {
    expectObject();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String member = parser.currentName();
      if (parser.nextToken() == JsonToken.VALUE_NULL) {
        visitor.file(member, false, false, "");
      } else {
        file(member);
      }
    }
  }

  private void file(String member) throws IOException {
    expectObject();
    boolean incremented = false;
    boolean skipped = false;
    String modified = "";
    List<Long> corrupt = List.of();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      JsonToken value = parser.nextToken();
      if (key.equalsIgnoreCase("IsIncremented")) {
        incremented = value == JsonToken.VALUE_TRUE;
      } else if (key.equalsIgnoreCase("IsSkipped")) {
        skipped = value == JsonToken.VALUE_TRUE;
      } else if (key.equalsIgnoreCase("MTime") && value == JsonToken.VALUE_STRING) {
        modified = parser.getText();
      } else if (key.equalsIgnoreCase("CorruptBlocks") && value == JsonToken.START_OBJECT) {
        corrupt = corruptPages();
      }
      parser.skipChildren();
    }
    visitor.file(member, incremented, skipped, modified);
    if (!corrupt.isEmpty()) {
      visitor.corrupt(member, corrupt);
    }
  }

  /// Ends on the end of the object.
  private List<Long> corruptPages() throws IOException {
    List<Long> pages = new ArrayList<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      boolean listed = parser.currentName().equalsIgnoreCase("SomeCorruptBlocks");
      if (parser.nextToken() == JsonToken.START_ARRAY && listed) {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          pages.add(parser.getLongValue());
        }
      } else {
        parser.skipChildren();
      }
    }
    return pages;
  }

  private void expectObject() throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw new JsonParseException(parser, "an object was expected");
    }
  }
}

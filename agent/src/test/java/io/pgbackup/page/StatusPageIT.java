package io.pgbackup.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgbackup.engine.BackupRequest;
import io.pgbackup.status.BackupRequests;
import io.pgbackup.status.BackupRunView;
import io.pgbackup.status.StatusServer;
import io.pgbackup.status.StatusSources;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The page in a real browser. `chromedriver` on PATH drives it; without it the tests are skipped.
class StatusPageIT {
  private final Snapshot snapshot = new Snapshot();

  @TempDir private Path folder;

  @Test
  void isReadableOnAPhoneAndOnADeskAndLoadsNothing() throws Exception {
    snapshot.problems =
        List.of(Snapshot.problem("an attempt to reach it failed: " + "x".repeat(300)));
    StatusSources sources =
        new StatusSources(
            snapshot::taken,
            () -> StatusPage.of(snapshot.taken(), Snapshot.backups()),
            () -> "",
            Optional::empty,
            new NoRequests());
    assumeTrue(Browser.isHere(), "chromedriver is not on PATH");
    try (StatusServer server = StatusServer.open("127.0.0.1", 0, sources);
        Browser browser = Browser.open(folder)) {
      browser.show("http://127.0.0.1:%d/".formatted(server.address().getPort()));
      for (int width : List.of(360, 1280)) {
        browser.resize(width, 900);

        // nothing needs to be scrolled sideways, apart from the table in its own box
        assertThat(browser.ask("document.documentElement.scrollWidth <= window.innerWidth"))
            .as("at %d", width)
            .isEqualTo("true");
        assertThat(
                browser.ask(
                    "[...document.querySelectorAll('.legend span')].every(it => {"
                        + "const box = it.getBoundingClientRect();"
                        + "return box.height > 0 && box.left >= 0 && box.right <= window.innerWidth"
                        + " && it.querySelector('svg').getBoundingClientRect().width >= 10})"))
            .as("the legend's words and signs at %d", width)
            .isEqualTo("true");
      }
      assertThat(browser.ask("document.querySelector('h1').textContent")).isEqualTo("One problem");
      // the policy let its own style pass
      assertThat(browser.ask("getComputedStyle(document.querySelector('dl')).display"))
          .isEqualTo("grid");
      assertThat(browser.ask("document.querySelectorAll('figure > svg rect.window').length"))
          .isEqualTo("2");
      assertThat(browser.ask("document.querySelector('.legend').innerText"))
          .contains("can be restored", "a base backup finished");
      assertThat(
              browser.ask(
                  "['window', 'none', 'tick'].every(it => getComputedStyle(document.querySelector("
                      + "'.legend .' + it)).fill == getComputedStyle(document.querySelector("
                      + "'figure > svg .' + it)).fill)"))
          .as("the signs have the colours of what they stand for")
          .isEqualTo("true");
      assertThat(
              browser.ask(
                  "performance.getEntriesByType('resource')"
                      + ".filter(it => !it.name.endsWith('/favicon.ico')).length"))
          .isEqualTo("0");
    }
  }

  /// A page asks for nothing.
  private static final class NoRequests implements BackupRequests {
    @Override
    public Answer request(BackupRequest request) {
      throw new AssertionError(request);
    }

    @Override
    public Optional<BackupRunView> find(String id) {
      throw new AssertionError(id);
    }
  }
}

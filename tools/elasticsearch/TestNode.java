import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.elasticsearch.Build;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.http.AbstractHttpServerTransport;
import org.elasticsearch.http.HttpServerTransport;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginBundle;
import org.elasticsearch.plugins.PluginsLoader;
import org.elasticsearch.rest.RestController;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;

/**
 * One node of Elasticsearch on a port of the loopback: TestNode HOME PORT. It prints READY and its port, and stops when
 * its standard input ends. The module that answers GET / is not to be had, so that is answered here.
 */
public class TestNode {
    public static void main(String[] words) throws Exception {
        Path home = Path.of(words[0]).toAbsolutePath();
        LogConfigurator.configureWithoutConfig(Settings.EMPTY);
        Settings settings = Settings.builder()
            .put("path.home", home)
            .put("network.host", "127.0.0.1")
            .put("http.port", words[1])
            .put("transport.port", "0")
            .put("discovery.type", "single-node")
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            .put("action.destructive_requires_name", true)
            .build();
        Environment environment = new Environment(settings, home.resolve("config"));
        Node node = new Node(environment, PluginsLoader.createPluginsLoader(modules(environment), Set.of(), Map.of(), false));
        HttpServerTransport http = node.injector().getInstance(HttpServerTransport.class);
        answerRoot(http);
        node.start();
        System.out.println("READY " + http.boundAddress().publishAddress().getPort());
        while (System.in.read() >= 0) { }
        node.close();
        System.exit(0);
    }

    /** Its parameters differ between 8 and 9. */
    @SuppressWarnings("unchecked")
    private static Set<PluginBundle> modules(Environment environment) throws Exception {
        for (Method method : PluginsLoader.class.getMethods()) {
            if (method.getName().equals("loadModulesBundles")) {
                boolean one = method.getParameterCount() == 1;
                Object found = one ? method.invoke(null, environment.modulesDir()) : method.invoke(null, environment.modulesDir(), false);
                return (Set<PluginBundle>) found;
            }
        }
        throw new IllegalStateException("this version loads its modules in another way");
    }

    private static void answerRoot(HttpServerTransport http) throws Exception {
        var dispatcher = AbstractHttpServerTransport.class.getDeclaredField("dispatcher");
        dispatcher.setAccessible(true);
        RestController routes = (RestController) dispatcher.get(http);
        for (RestRequest.Method method : List.of(RestRequest.Method.GET, RestRequest.Method.HEAD)) {
            routes.registerHandler(new RestHandler.Route(method, "/"), (request, channel, client) -> {
                var body = channel.newBuilder().startObject().startObject("version");
                body.field("number", Build.current().version()).endObject().endObject();
                channel.sendResponse(new RestResponse(RestStatus.OK, body));
            });
        }
    }
}

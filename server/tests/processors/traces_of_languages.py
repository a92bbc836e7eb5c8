"""Stack traces as programs printed them: what tests of grouping read. Names, numbers and paths are made up."""

from __future__ import annotations

JAVA = """java.lang.IllegalStateException: could not check out cart 4711
\tat com.acme.shop.Cart.lambda$checkout$3(Cart.java:42)
\tat java.base/java.util.Optional.map(Optional.java:260)
\tat com.acme.shop.CartController$$EnhancerBySpringCGLIB$$1a2b3c4d.checkout(<generated>)
\tat app//org.springframework.web.servlet.DispatcherServlet.doDispatch(DispatcherServlet.java:1089)
\tSuppressed: java.io.IOException: stream closed
\t\tat com.acme.shop.Stream.close(Stream.java:3)
Caused by: java.net.SocketTimeoutException: Read timed out
\tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:288)
\tat com.acme.shop.Payments.charge(Payments.java:88)
\t... 23 more
"""
NODE = """TypeError: Cannot read properties of undefined (reading 'price')
    at Cart.total (/srv/app/dist/cart.js:17:23)
    at async checkout (/srv/app/dist/checkout.js:9:3)
    at /srv/app/node_modules/express/lib/router/layer.js:95:5
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5) {
  [cause]: Error: connect ECONNREFUSED 127.0.0.1:5432
      at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16)
}"""
FIREFOX = """total@https://shop.example/assets/cart.9f8a7b6c5d.js:2:1034
checkout@https://shop.example/assets/cart.9f8a7b6c5d.js:2:99"""
GO = """panic: runtime error: index out of range [5] with length 3 [recovered]

goroutine 18 [running]:
runtime/debug.Stack()
\t/usr/local/go/src/runtime/debug/stack.go:26 +0x5e
main.recovering.func1()
\t/app/main.go:12 +0x1d
panic({0x4a0b60?, 0xc0000161c8?})
\t/usr/local/go/src/runtime/panic.go:770 +0x132
github.com/acme/shop/cart.(*Cart).Checkout(0xc000012345, {0x1, 0x2})
\t/app/cart/cart.go:42 +0x1d
net/http.HandlerFunc.ServeHTTP(...)
\t/usr/local/go/src/net/http/server.go:2171
created by net/http.(*Server).Serve in goroutine 1
\t/usr/local/go/src/net/http/server.go:3285 +0x4b4
"""
DOTNET = """System.InvalidOperationException: could not check out
 ---> System.TimeoutException: The operation has timed out.
   at Shop.Payments.<ChargeAsync>d__5.MoveNext() in /src/Shop/Payments.cs:line 31
--- End of stack trace from previous location ---
   at System.Runtime.CompilerServices.TaskAwaiter.HandleNonSuccess(Task task)
   --- End of inner exception stack trace ---
   at Shop.Cart.Checkout(Int32 id) in /src/Shop/Cart.cs:line 42
   at Microsoft.AspNetCore.Routing.EndpointMiddleware.Invoke(HttpContext httpContext)"""
RUBY = """/srv/app/lib/cart.rb:10:in 'Cart#total': undefined method 'price' for nil (NoMethodError)
\tfrom /srv/app/lib/cart.rb:4:in 'block in Cart#checkout'
\tfrom /usr/local/bundle/gems/rack-3.0.8/lib/rack/lint.rb:62:in `call'"""

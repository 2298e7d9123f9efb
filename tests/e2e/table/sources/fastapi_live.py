"""Events and a chat, as FastAPI's documentation has them."""

import asyncio
import os

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse, StreamingResponse

app = FastAPI()
chatting: set[WebSocket] = set()
GAP_S = float(os.environ.get("EVENT_GAP_S", "1"))
PAGE = """<!doctype html><title>Live</title><h1>Live</h1><input id=say><ul id=log></ul><script>
window.errors = 0;
const log = (text) => document.querySelector("#log").append(
  Object.assign(document.createElement("li"), { textContent: text }));
const events = new EventSource("/events");
events.onmessage = (event) => log("event " + event.data);
events.onerror = () => { window.errors += 1; };
const chat = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/chat`);
chat.binaryType = "arraybuffer";
chat.onopen = () => log("chat open");
chat.onmessage = ({ data }) => log(
  typeof data === "string" ? "heard " + data : "bytes " + data.byteLength);
document.querySelector("#say").onchange = ({ target }) => {
  chat.send(target.value);
  chat.send(new Uint8Array(65536));
};
</script>"""


@app.get("/")
async def page() -> HTMLResponse:
    return HTMLResponse(PAGE)


@app.get("/events")
async def events() -> StreamingResponse:
    async def ticks():
        for number in range(1, 1000):
            yield f"id: {number}\ndata: {number}\n\n"
            await asyncio.sleep(GAP_S)

    return StreamingResponse(ticks(), media_type="text/event-stream")


@app.websocket("/chat")
async def chat(socket: WebSocket) -> None:
    await socket.accept()
    chatting.add(socket)
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            for each in list(chatting):
                if message.get("text") is not None:
                    await each.send_text(message["text"])
                else:
                    await each.send_bytes(message["bytes"])
    except WebSocketDisconnect:
        pass
    finally:
        chatting.discard(socket)

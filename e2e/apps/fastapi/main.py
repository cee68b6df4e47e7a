from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Answer(BaseModel):
    app: str
    doubled: int


@app.get("/double/{number}")
def double(number: int) -> Answer:
    return Answer(app="fastapi", doubled=2 * number)


@app.get("/")
def root() -> dict[str, str]:
    return {"app": "fastapi"}
